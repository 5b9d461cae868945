/**
 * What somebody changed in the cluster by hand: an object still says that it is what the spec renders to, and is not. Pure.
 *
 * The run strategy is no part of it: KubeVirt's own start and stop change it too, and ours is what counts under any policy.
 */
import type { ObservedObject } from '../plan.ts';
import type { VmObject, VmObserved, VmRendered } from './observed.ts';

const WORDS: Readonly<Record<VmObject, string>> = {
  virtualMachine: 'the VirtualMachine',
  service: 'the Service',
  cloudInitSecret: 'the cloud-init Secret',
  sshKeysSecret: 'the SSH keys Secret',
};
const OBJECTS = Object.keys(WORDS) as VmObject[];

export type RenderedAndSeen = Readonly<{ rendered: VmRendered; observed: VmObserved }>;

/** The objects of a machine that were changed by hand. */
export function changedByHand({ rendered, observed }: RenderedAndSeen): VmObject[] {
  return OBJECTS.filter((object) => isChanged(observed[object], rendered[object], rendered.contents?.[object]));
}

/** Whether an object that carries the wanted hash has other contents. */
export function isChanged(
  object: ObservedObject | undefined,
  wantedHash: string | undefined,
  wantedContent: string | undefined,
): boolean {
  if (object === undefined || object.deleting || object.manifestHash !== wantedHash) return false;
  return object.content !== undefined && wantedContent !== undefined && object.content !== wantedContent;
}

/** For people: what was changed, and what becomes of it. */
export function driftSentence(changed: readonly VmObject[], isRepaired: boolean): string {
  const what = changed.map((object) => WORDS[object]).join(' and ');
  return isRepaired
    ? `Somebody changed ${what} in the cluster by hand; it is being put back.`
    : `Somebody changed ${what} in the cluster by hand. It stays so until the spec changes or somebody puts it back.`;
}
