import { readFileSync } from 'node:fs';
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { expect, it } from 'vitest';
import { descriptorPath, VmInstance, VmPhase } from './index.ts';

it('carries every service in the descriptor set that reflection serves', () => {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(descriptorPath())));
  const services = [...registry].flatMap((entry) => (entry.kind === 'service' ? [entry.typeName] : []));
  expect(services.sort()).toEqual([
    'compute.v1.AuditService',
    'compute.v1.CatalogueService',
    'compute.v1.HistoryService',
    'compute.v1.ManifestService',
    'compute.v1.PerformanceService',
    'compute.v1.ProjectService',
    'compute.v1.QuotaService',
    'compute.v1.UsageLedgerService',
    'compute.v1.UsageService',
    'compute.v1.VmDiskService',
    'compute.v1.VmInstanceService',
    'compute.v1.WatchService',
    'compute.v1.WebhookService',
    'google.longrunning.Operations',
  ]);
});

it('tells a field that was not sent from one that was sent with its zero value', () => {
  const sent = VmInstance.fromPartial({
    spec: { running: false, instanceProfile: 'ubuntu' },
    status: { phase: VmPhase.VM_PHASE_RUNNING },
  });
  const read = VmInstance.decode(VmInstance.encode(sent).finish());
  expect(read.spec?.running).toBe(false);
  expect(read.spec?.external).toBeUndefined();
  expect(read.status?.phase).toBe(VmPhase.VM_PHASE_RUNNING);
});
