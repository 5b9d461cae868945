import { expect, test } from 'vitest';
import { resourceOfPath } from './cluster-call-labels.ts';

test.each([
  ['/apis/kubevirt.io/v1/namespaces/tenant-a/virtualmachines/vm-instance-x?fieldManager=y', 'virtualmachines'],
  ['/apis/kubevirt.io/v1/virtualmachines?watch=true', 'virtualmachines'],
  ['/api/v1/namespaces/tenant-a/secrets/vm-instance-x-cloud-init', 'secrets'],
  ['/api/v1/namespaces/tenant-a', 'namespaces'],
  ['/api/v1/namespaces?limit=250', 'namespaces'],
  ['/api/v1/namespaces/tenant-a/pods/p/log', 'pods/log'],
  ['/version', 'other'],
])('%s is a call about %s', (path, resource) => {
  expect(resourceOfPath(path)).toBe(resource);
});
