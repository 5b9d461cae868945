/**
 * Server-side apply of an object that belongs to a row. Applying takes over whatever bears the name, so before the
 * first apply the name must be free or bear our label: somebody else's machine or disk is never turned into ours.
 */
import type { KubeClient, KubeObject, ResourceKind } from '@compute/kube-client';
import { hashOf } from '../manifests/manifest-hash.ts';
import { FIELD_MANAGER, UID_LABEL } from '../manifests/ownership.ts';
import type { ActionOutcome } from './action-outcome.ts';
import type { NormalForms } from './normal-forms.ts';

export interface ApplyPorts {
  readonly client: KubeClient;
  readonly normalForms: NormalForms;
}

/** `seen`: the view has the object already, and as this row's. Returns a refusal, or undefined when applied. */
export async function applyOwned<T extends KubeObject>(
  { client, normalForms }: ApplyPorts,
  kind: ResourceKind<T>,
  object: T,
  seen: boolean,
): Promise<ActionOutcome | undefined> {
  if (!seen) {
    const live = await client.get(kind, object.metadata);
    if (live !== undefined && !isOfRow(live, object)) return nameTaken(object);
  }
  const answer = await client.apply(kind, object, { fieldManager: FIELD_MANAGER, force: true });
  normalForms.remember(object, answer, kind.kind === 'DataVolume' ? 'metadata' : 'all');
  return undefined;
}

/**
 * Whether what bears the name is of the manifest's row: by its label or, when somebody took that away, by the fingerprint
 * of the manifest, which covers the label.
 */
export function isOfRow(live: KubeObject, manifest: KubeObject): boolean {
  const label = live.metadata.labels?.[UID_LABEL];
  if (label !== undefined) return label === manifest.metadata.labels?.[UID_LABEL];
  return hashOf(live) !== undefined && hashOf(live) === hashOf(manifest);
}

function nameTaken({ kind, metadata }: KubeObject): ActionOutcome {
  const message = `The cluster already has a ${kind} named ${metadata.name} that belongs to something else.`;
  return { result: 'refused', reason: 'NameTaken', message };
}
