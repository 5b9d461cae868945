/** What a rehearsed request would do to the counters of its project. Read beside the rehearsal: it tells, it reserves nothing. */
import { type QuotaEffect, quotaEffects } from '@compute/contract';
import type { AnyResource, Claim } from '@compute/domain';
import type { Store } from '@compute/store';

export interface ClaimChange {
  readonly before: Claim;
  readonly after: Claim;
}

type Reads = Pick<Store, 'quota' | 'disksOfVm' | 'vmsOfDisk'>;

export async function quotaEffectOf(
  store: Reads,
  project: string,
  changes: readonly ClaimChange[],
): Promise<QuotaEffect[]> {
  const keys = changes.flatMap(({ before, after }) => [...Object.keys(before), ...Object.keys(after)]);
  if (keys.length === 0) return [];
  return quotaEffects(changes, await store.quota.counters(project, [...new Set(keys)]));
}

/** What a deletion gives back once it is done, with the disks that would go too. */
export async function claimsOfDeletion(
  store: Reads,
  resource: AnyResource,
  withDisks: boolean,
): Promise<ClaimChange[]> {
  const own = { before: resource.claim, after: {} };
  if (!withDisks || resource.kind !== 'VMInstance') return [own];
  const disks = await store.disksOfVm(resource.uid);
  const alone = await Promise.all(
    disks.map(async ({ name }) => (await store.vmsOfDisk(resource.project, name)).length < 2),
  );
  return [own, ...disks.filter((_disk, index) => alone[index]).map(({ claim }) => ({ before: claim, after: {} }))];
}
