import { FAULT_CODES, Fault } from '@compute/domain';
import { expect, test } from 'vitest';
import { fieldPath, statusOfFault } from './kube-status.ts';
import { routeOf } from './observe-request.ts';

const subject = { group: 'apps.cozystack.io', kind: 'VMDisk', plural: 'vmdisks', name: 'a' };

test('every fault has a Status with a code and a reason, and an internal one says nothing of itself', () => {
  for (const code of FAULT_CODES) {
    const status = statusOfFault(new Fault(code, 'the secret cause'), subject);
    expect(status.code, code).toBeGreaterThanOrEqual(400);
    expect(status.reason, code).not.toBe('');
    if (code === 'Internal') expect(JSON.stringify(status.toStatus())).not.toContain('secret');
  }
});

test('fields that are wrong are causes with paths, and their values are not repeated', () => {
  const fields = [
    { pointer: '/spec/disks/0', code: 'invalid_name', message: 'Not a name.' },
    { pointer: '/spec/source', code: 'immutable', message: 'It cannot change.' },
  ];
  const status = statusOfFault(new Fault('InvalidArgument', 'The manifest has 2 errors.', { fields }), subject);
  expect([status.code, status.reason, status.details?.kind]).toEqual([422, 'Invalid', 'VMDisk']);
  expect(status.details?.causes).toEqual([
    { reason: 'FieldValueInvalid', message: 'Invalid value: Not a name.', field: 'spec.disks[0]' },
    { reason: 'FieldValueForbidden', message: 'Forbidden: It cannot change.', field: 'spec.source' },
  ]);
});

test('a refused quota is Forbidden with its numbers for programs', () => {
  const quota = { metric: 'vcpus', scope: 'series:U', limit: 8, used: 6, requested: 4, remaining: 2 } as const;
  const status = statusOfFault(new Fault('QuotaExceeded', 'Quota exceeded: …', { quota }), subject);
  expect([status.code, status.reason]).toEqual([403, 'Forbidden']);
  expect(status.details?.causes?.map(({ message }) => message)).toEqual([
    'limit: 8',
    'used: 6',
    'requested: 4',
    'remaining: 2',
  ]);
});

test('another project is a namespace that is not there', () => {
  const fault = new Fault('NotFound', 'There is no project.', { resource: { kind: 'Project', name: 'other' } });
  expect(statusOfFault(fault, subject).message).toBe('namespaces "other" not found');
});

test('pointers become paths as Kubernetes writes them', () => {
  expect(fieldPath('/spec/externalPorts/2')).toBe('spec.externalPorts[2]');
  expect(fieldPath('/metadata/labels/example.org~1tier')).toBe('metadata.labels[example.org/tier]');
  expect(fieldPath('')).toBe('');
});

test('measurements name patterns, never projects or resources', () => {
  const base = '/apis/apps.cozystack.io/v1alpha1';
  expect(routeOf(`${base}/namespaces/demo/vmdisks/a?dryRun=All`)).toBe('/vmdisks/{name}');
  expect(routeOf(`${base}/namespaces/demo/vmdisks?watch=true&limit=1`)).toBe('/vmdisks?watch');
  expect(routeOf(`${base}/vminstances?limit=500`)).toBe('/vminstances');
  expect(routeOf('/api/v1/namespaces/demo')).toBe('/namespaces/{name}');
  expect(routeOf('/api/v1/namespaces/demo/secrets/x')).toBe('/documents');
  expect(routeOf('/openapi/v2')).toBe('/documents');
});
