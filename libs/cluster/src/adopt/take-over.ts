/**
 * Marks objects of somebody else as those of a row: labels alone, so that nothing that runs is touched. A worker that then
 * looks at the row finds them and writes the rest, as for any row.
 *
 * The first object that is marked carries the row's uid from then on: whoever goes on after a crash finds it there. Each
 * mark holds for the object that was read and for no other: one that has changed meanwhile refuses it.
 */
import type { AnyResource } from '@compute/domain';
import type { KubeClient, KubeObject, ResourceKind } from '@compute/kube-client';
import { claims, dataVolumes, secrets, services, virtualMachineInstances, virtualMachines } from '../kinds.ts';
import { FIELD_MANAGER, ownershipLabels, STARTED_WITH_ANNOTATION, UID_LABEL } from '../manifests/ownership.ts';
import type { MachineObjects } from './machine-objects.ts';
import { strategyOf } from './machine-spec.ts';
import type { DiskObjects } from './read-disk.ts';

type Row = Pick<AnyResource, 'kind' | 'uid' | 'project' | 'name'>;

/** `startRecord`: what the machine that is up was started with. Safe to repeat. Throws KubeError: 409 when something changed. */
export async function takeOverMachine(
  client: KubeClient,
  { virtualMachine, machine, service, named }: MachineObjects,
  row: Row,
  startRecord: string | undefined,
): Promise<void> {
  const labels = ownershipLabels(row as AnyResource);
  await mark(client, virtualMachines, virtualMachine, { metadata: { labels }, spec: ownWords(virtualMachine, labels) });
  for (const secret of named) await mark(client, secrets, secret, { metadata: { labels } });
  if (service) await mark(client, services, service, { metadata: { labels } });
  if (machine === undefined) return;
  const annotations = startRecord === undefined ? {} : { annotations: { [STARTED_WITH_ANNOTATION]: startRecord } };
  // Its status changes all the time; its uid says that it is the one that was read.
  const { resourceVersion: _moves, ...metadata } = machine.metadata;
  await mark(client, virtualMachineInstances, { ...machine, metadata }, { metadata: { labels, ...annotations } });
}

/** As {@link takeOverMachine}. */
export async function takeOverDisk(client: KubeClient, { dataVolume, claim }: DiskObjects, row: Row): Promise<void> {
  const labels = ownershipLabels(row as AnyResource);
  if (dataVolume) await mark(client, dataVolumes, dataVolume, { metadata: { labels } });
  if (claim) await mark(client, claims, claim, { metadata: { labels } });
}

/** The next incarnation must bear the labels too, and an object cannot say how it runs in two ways. */
function ownWords(virtualMachine: MachineObjects['virtualMachine'], labels: Record<string, string>): object {
  const older = virtualMachine.spec.running ?? undefined;
  const power = older === undefined ? {} : { running: null, runStrategy: strategyOf(virtualMachine) };
  return { ...power, template: { metadata: { labels } } };
}

interface Mark {
  readonly metadata: { readonly labels: Record<string, string>; readonly annotations?: Record<string, string> };
  readonly spec?: object;
}

async function mark<T extends KubeObject>(
  client: KubeClient,
  kind: ResourceKind<T>,
  { metadata }: T,
  { metadata: marks, spec }: Mark,
): Promise<void> {
  if (metadata.labels?.[UID_LABEL] === marks.labels[UID_LABEL] && marks.annotations === undefined) return;
  const { namespace = '', name, uid, resourceVersion } = metadata;
  const precondition = { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  const patch = { metadata: { ...precondition, ...marks }, ...(spec ? { spec } : {}) };
  await client.mergePatch(kind, { namespace, name }, patch, { fieldManager: FIELD_MANAGER });
}
