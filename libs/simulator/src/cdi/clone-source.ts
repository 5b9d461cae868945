// Where a clone comes from, and whether it may begin.
import type { DataSource, DataVolume, PersistentVolumeClaim } from '../kinds.ts';
import { parseBytes } from '../kubevirt/quantity.ts';
import type { CdiContext } from './cdi-context.ts';
import type { MissingClaim } from './conditions.ts';

export interface CloneSource {
  namespace: string;
  name: string;
}

/** The claim a DataVolume clones: named directly, or through a DataSource. Undefined when it clones nothing or the way ends. */
export function cloneSourceOf(dataVolume: DataVolume, context: CdiContext): CloneSource | undefined {
  const own = dataVolume.metadata.namespace ?? '';
  const { source, sourceRef } = dataVolume.spec;
  if (source?.pvc !== undefined) return { namespace: source.pvc.namespace ?? own, name: source.pvc.name };
  if (sourceRef?.kind !== 'DataSource') return undefined;
  const namespace = sourceRef.namespace ?? own;
  const pvc = context.dataSources.get(namespace, sourceRef.name)?.spec.source.pvc;
  return pvc === undefined ? undefined : { namespace: pvc.namespace ?? namespace, name: pvc.name };
}

/** Why no claim can be made for the clone yet. */
export function cloneObstacle(dataVolume: DataVolume, context: CdiContext): MissingClaim | undefined {
  const source = cloneSourceOf(dataVolume, context);
  if (source === undefined || context.claims.get(source.namespace, source.name) !== undefined) return undefined;
  return { reason: 'CloneWithoutSource', message: `The source pvc ${source.name} doesn't exist` };
}

/** Size of a DataVolume's clone source in bytes, when it has one. */
export function sourceSizeBytes(dataVolume: DataVolume, context: CdiContext): number | undefined {
  const source = cloneSourceOf(dataVolume, context);
  const claim = source === undefined ? undefined : context.claims.get(source.namespace, source.name);
  return claim === undefined ? undefined : claimBytes(claim);
}

/** What a claim really has, or what it asks for while it has nothing. */
export function claimBytes(claim: PersistentVolumeClaim): number {
  const requested = claim.spec.resources?.requests?.storage ?? '0';
  return parseBytes(claim.status?.capacity?.storage ?? requested);
}

/** What a DataVolume clones, for an index: `claim namespace/name` or `DataSource namespace/name`. */
export function sourceKeysOf({ metadata, spec }: DataVolume): string[] {
  const { namespace } = metadata;
  const pvc = spec.source?.pvc;
  if (pvc !== undefined) return [`claim ${pvc.namespace ?? namespace}/${pvc.name}`];
  if (spec.sourceRef === undefined) return [];
  return [`DataSource ${spec.sourceRef.namespace ?? namespace}/${spec.sourceRef.name}`];
}

/** The key of the claim a DataSource names. */
export function namedClaimOf({ metadata, spec }: DataSource): string[] {
  const pvc = spec.source.pvc;
  return pvc === undefined ? [] : [`${pvc.namespace ?? metadata.namespace}/${pvc.name}`];
}
