/**
 * A cluster's API with many machines of ours in it, as a process of its own. Sends the path of its kubeconfig when they are
 * there. One machine is really applied, so that it has everything that a server adds; the others are its copies.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vmManifests } from '@compute/cluster';
import { KubeClient, resourceKind } from '@compute/kube-client';
import { clusterKinds, startKubeServer } from '@compute/kube-wire';
import { someMachine } from './some-machine.ts';

const MACHINES = Number(process.env.MACHINES);
const NAMESPACE = 'project-bench';
const UID_LABEL = 'compute.cozystack.io/uid';
const kind = resourceKind({
  ...{ group: 'kubevirt.io', version: 'v1', namespaced: true },
  ...{ kind: 'VirtualMachine', plural: 'virtualmachines' },
});

const server = await startKubeServer({ kinds: clusterKinds });
const kubeconfig = join(mkdtempSync(join(tmpdir(), 'watched-')), 'kubeconfig');
writeFileSync(kubeconfig, server.kubeconfig());
const client = KubeClient.fromKubeconfigText(server.kubeconfig());
await client.create(
  resourceKind({ group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false }),
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
);
const { virtualMachine } = vmManifests(
  { vm: someMachine('m0'), namespace: NAMESPACE, disks: [] },
  { hashKeys: [Buffer.alloc(32, 1)], present: undefined },
);
await client.apply(kind, virtualMachine, { fieldManager: 'compute-control-plane', force: true });
await client.close();

const definition = clusterKinds.find(({ plural }) => plural === 'virtualmachines');
const [first] = server.store.list('virtualmachines.kubevirt.io');
if (definition === undefined || first === undefined) throw new Error('The first machine is not there.');
for (let index = 1; index < MACHINES; index += 1) {
  const copy = structuredClone(first);
  copy.metadata.name = `vm-instance-m${index}`;
  copy.metadata.uid = randomUUID();
  copy.metadata.labels = { ...copy.metadata.labels, [UID_LABEL]: randomUUID() };
  server.store.put(definition, copy);
}
process.send?.({ kubeconfig, url: server.url });
