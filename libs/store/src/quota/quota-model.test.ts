/**
 * Random histories by two writers at once: whatever is done in whatever order, the counters are the sums of the rows, the
 * reserved part is what the rows say, and no committed moment ever had more than its limit. A trigger writes down every
 * value that a counter takes. `PROPERTY_SEED=<n>` repeats a run.
 */
import { builtinCatalogue, chargeVm, claimOfDisk, claimOfVm, isFault, type Kind } from '@compute/domain';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  deleteFully,
  diskSpec,
  newDisk,
  newVm,
  openTestStore,
  seenDisk,
  seenVm,
  type TestStore,
  USER,
  vmSpec,
} from '../fixtures/open-test-store.ts';
import type { Store } from '../store.ts';
import { neededClaim } from './needed-claim.ts';

const TYPES = ['u1.medium', 'u1.large', 's1.small', 'm1.large'] as const;
const RUNS = 12;
const seed = Number(process.env.PROPERTY_SEED ?? Math.floor(Math.random() * 2 ** 31));

let it: TestStore;
let other: Store;
beforeAll(async () => {
  const quotaDefaults = { 'series:*/vcpus': 12, 'class:*/storageMib': 60 * 1024, 'external/ips': 2 };
  it = await openTestStore({ quotaDefaults });
  other = await it.another();
  await it.sql('create table seen (project text, scope text, metric text, used bigint, ceiling bigint, grew boolean)');
  await it.sql(`create function see() returns trigger language plpgsql as $$ begin
    insert into seen values (new.project, new.scope, new.metric, new.used, new.ceiling,
      tg_op = 'INSERT' or new.used > old.used); return new; end $$`);
  await it.sql('create trigger see after insert or update on quota for each row execute function see()');
});
afterAll(() => it.close());

type Step =
  | { readonly do: 'vm' | 'resize'; readonly name: string; readonly type: number; readonly external: boolean }
  | { readonly do: 'disk' | 'grow'; readonly name: string; readonly gib: number }
  | { readonly do: 'settle' | 'delete'; readonly name: string }
  | { readonly do: 'limit'; readonly vcpus: number | null };

const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    ...{ do: fc.constantFrom('vm' as const, 'resize' as const), name },
    ...{ type: fc.nat(TYPES.length - 1), external: fc.boolean() },
  }),
  fc.record({ do: fc.constantFrom('disk' as const, 'grow' as const), name, gib: fc.integer({ min: 1, max: 40 }) }),
  fc.record({ do: fc.constantFrom('settle' as const, 'delete' as const), name }),
  fc.record({ do: fc.constant('limit' as const), vcpus: fc.option(fc.nat(20)) }),
);

/** Refusals and lost races are answers like others. */
async function play(store: Store, project: string, one: Step): Promise<void> {
  try {
    await perform(store, project, one);
  } catch (error) {
    const codes = ['AlreadyExists', 'NotFound', 'QuotaExceeded', 'PreconditionFailed', 'Stale', 'DiskInUse'] as const;
    if (!codes.some((code) => isFault(error, code))) throw error;
  }
}

async function perform(store: Store, project: string, one: Step): Promise<void> {
  switch (one.do) {
    case 'vm':
      await store.create(newVm(one.name, wished(one), { project }));
      return;
    case 'disk':
      await store.create(newDisk(one.name, { storage: `${one.gib}Gi` }, { project }));
      return;
    case 'resize':
      return resize(store, project, one);
    case 'grow':
      return grow(store, project, one);
    case 'settle':
      return settle(store, project, one.name);
    case 'delete':
      for (const kind of ['VMInstance', 'VMDisk'] as const) await deleteIfThere(store, project, kind, one.name);
      return;
    case 'limit':
      await store.quota.setLimits(project, one.vcpus === null ? {} : { 'series:U/vcpus': one.vcpus });
  }
}

const wished = ({ type, external }: { type: number; external: boolean }) => ({
  instanceType: TYPES[type] ?? TYPES[0],
  external,
});

async function resize(store: Store, project: string, one: Step & { do: 'vm' | 'resize' }): Promise<void> {
  const spec = vmSpec(wished(one));
  const size = chargeVm(spec, builtinCatalogue);
  await store.want({
    ...{ actor: USER, requestId: 'r', target: { kind: 'VMInstance', project, name: one.name }, spec },
    ...{ claim: claimOfVm(spec, size), chargedStatus: { instanceType: size } },
  });
}

async function grow(store: Store, project: string, { name: disk, gib }: Step & { do: 'disk' | 'grow' }): Promise<void> {
  const present = await store.get('VMDisk', project, disk);
  if (!present) return;
  const held = present.claim['class:replicated/storageMib'] ?? 0;
  const spec = diskSpec({ storage: `${Math.ceil(held / 1024) + gib}Gi` });
  const target = { kind: 'VMDisk', project, name: disk } as const;
  await store.want({ actor: USER, requestId: 'r', target, spec, claim: claimOfDisk(spec) });
}

async function settle(store: Store, project: string, resource: string): Promise<void> {
  const vm = await store.get('VMInstance', project, resource);
  if (vm && !vm.deletionRequestedAt) await store.observe(seenVm(vm, 'Running'));
  const disk = await store.get('VMDisk', project, resource);
  if (disk && !disk.deletionRequestedAt) await store.observe(seenDisk(disk, 'Ready'));
}

async function deleteIfThere(store: Store, project: string, kind: Kind, resource: string): Promise<void> {
  if (await store.get(kind, project, resource)) await deleteFully(store, kind, resource, project);
}

/** What of the rows is reserved, by the rule for one row that the domain knows. */
async function reservedByRows(project: string): Promise<Record<string, number>> {
  const sum: Record<string, number> = {};
  const rows = await Promise.all(
    (['VMInstance', 'VMDisk'] as const).map((kind) => it.store.list({ kind, project, limit: 1_000 })),
  );
  for (const row of rows.flatMap(({ items }) => [...items])) {
    const needed: Readonly<Record<string, number>> = row.phase === 'Pending' ? {} : neededClaim(row);
    for (const [key, held] of Object.entries(row.claim)) {
      const beyond = Math.max(0, held - (needed[key] ?? 0));
      if (beyond > 0) sum[key] = (sum[key] ?? 0) + beyond;
    }
  }
  return sum;
}

test(`histories that chance makes leave counters that are the rows, and no moment above a limit (seed ${seed})`, async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      run += 1;
      const project = `model-${run}`;
      await it.store.createProject(project);
      const stores = [it.store, other];
      // Each writer takes every other step, both at once.
      await Promise.all(
        stores.map(async (store, turn) => {
          for (const [index, one] of steps.entries()) if (index % 2 === turn) await play(store, project, one);
        }),
      );
      expect(await it.store.quota.recount({ repair: false })).toEqual([]);
      expect(Object.fromEntries(await it.store.quota.reserved(project))).toEqual(await reservedByRows(project));
    }),
    { numRuns: RUNS, seed, endOnFailure: true },
  );
  expect(await it.sql('select * from seen where used < 0 or used > ceiling')).toEqual([]);
  const [{ grown } = { grown: 0 }] = await it.sql<{ grown: number }>(
    'select count(*)::int as grown from seen where grew',
  );
  expect(grown).toBeGreaterThan(RUNS);
}, 180_000);
