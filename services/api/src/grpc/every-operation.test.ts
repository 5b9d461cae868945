import { ENDPOINTS } from '@compute/contract';
import * as proto from '@compute/proto';
import { expect, it } from 'vitest';

/** What gRPC calls otherwise; the rest has the same name. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  patchVMInstance: 'UpdateVmInstance',
  replaceVMInstance: 'UpdateVmInstance',
  patchVMDisk: 'UpdateVmDisk',
  replaceVMDisk: 'UpdateVmDisk',
  setQuota: 'UpdateQuota',
  // Without a project.
  listPlatformAuditEntries: 'ListAuditEntries',
};

/** gRPC alone has these: REST waits with `?wait=`, and keeps operations. */
const WITHOUT_ENDPOINT = ['WaitOperation', 'DeleteOperation'];

function grpcMethods(): string[] {
  return Object.entries(proto).flatMap(([name, value]) => {
    if (!name.endsWith('Service') || typeof value !== 'object') return [];
    const methods = Object.values(value as Record<string, { path?: string }>);
    return methods.flatMap(({ path }) => (path === undefined ? [] : [path.split('/').at(-1) ?? '']));
  });
}

/** The endpoints that need a key: the others are documents of the process. */
const operations = ENDPOINTS.filter(({ scope }) => scope !== undefined).map(({ operationId }) => operationId);
const methodOf = (operationId: string): string =>
  OTHER_NAMES[operationId] ?? `${operationId[0]?.toUpperCase()}${operationId.slice(1)}`.replace(/VM(?=[A-Z])/, 'Vm');

it('gRPC has a method for every operation of REST', () => {
  const methods = new Set(grpcMethods());
  expect(methods.size).toBeGreaterThan(30);
  const missing = operations.filter((id) => !methods.has(methodOf(id)));
  expect(missing).toEqual([]);
});

it('REST has an operation for every method of gRPC', () => {
  const known = new Set([...operations.map(methodOf), ...WITHOUT_ENDPOINT]);
  expect(grpcMethods().filter((method) => !known.has(method))).toEqual([]);
});
