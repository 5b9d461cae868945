/**
 * Server-side apply of an object that belongs to a row. Applying takes over whatever bears the name, so before the
 * first apply the name must be free or bear our label: somebody else's machine or disk is never turned into ours.
 */
import type { KubeClient, KubeObject, ResourceKind } from '@compute/kube-client';
import { FIELD_MANAGER, rowOf, UID_LABEL } from '../manifests/ownership.ts';
import type { ActionOutcome } from './action-outcome.ts';

/** `seen`: the view has the object already, and as this row's. Returns a refusal, or undefined when applied. */
export async function applyOwned<T extends KubeObject>(
  client: KubeClient,
  kind: ResourceKind<T>,
  object: T,
  seen: boolean,
): Promise<ActionOutcome | undefined> {
  if (!seen) {
    const live = await client.get(kind, object.metadata);
    if (live !== undefined && rowOf(live)?.uid !== object.metadata.labels?.[UID_LABEL]) return nameTaken(object);
  }
  await client.apply(kind, object, { fieldManager: FIELD_MANAGER, force: true });
  return undefined;
}

function nameTaken({ kind, metadata }: KubeObject): ActionOutcome {
  const message = `The cluster already has a ${kind} named ${metadata.name} that belongs to something else.`;
  return { result: 'refused', reason: 'NameTaken', message };
}
