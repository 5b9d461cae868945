/** A fleet of machines with two disks each: wished for all at once, waited for, and deleted again. */
import { problemsOf, rowsOf } from './invariants.ts';
import { eventually } from './stage/eventually.ts';
import type { Stage } from './stage/stage.ts';

const PATIENCE_MS = 240_000;

const MACHINE = { instanceType: 'u1.medium', instanceProfile: 'ubuntu' };
const DISK = { source: {}, storage: '1Gi', storageClass: 'replicated' };

/** Machines with two disks each, accepted in an order in which machines often come before their disks. */
export async function want(stage: Stage, project: string, machines: number): Promise<void> {
  await stage.store.createProject(project);
  const wishes = Array.from({ length: machines }, (_, index) => [
    () => stage.rest.create(project, 'VMInstance', `vm-${index}`, { ...MACHINE, disks: [`a-${index}`, `b-${index}`] }),
    () => stage.rest.create(project, 'VMDisk', `a-${index}`, DISK),
    () => stage.rest.create(project, 'VMDisk', `b-${index}`, DISK),
  ]).flat();
  const run = async () => {
    for (let wish = wishes.shift(); wish !== undefined; wish = wishes.shift()) await wish();
  };
  await Promise.all(Array.from({ length: 8 }, run));
}

export async function allRun(stage: Stage, project: string, machines: number): Promise<void> {
  await eventually(`${machines} machines of ${project} run`, PATIENCE_MS, async () => {
    const rows = await rowsOf(stage.store, project);
    const phases = rows.filter(({ kind }) => kind === 'VMInstance').map(({ phase }) => phase);
    if (phases.length === machines && phases.every((phase) => phase === 'Running')) return true;
    throw new Error(
      JSON.stringify(
        Object.groupBy(rows, ({ phase }) => phase),
        (key, value) => (Array.isArray(value) && key !== '' ? value.length : value),
      ),
    );
  });
}

/** Disks learn last who uses them. */
export async function atRest(stage: Stage, project: string): Promise<string[]> {
  let last: string[] = [];
  const clean = eventually(`${project} is at rest`, PATIENCE_MS, async () => {
    last = await problemsOf(stage, project);
    return last.length === 0 ? last : undefined;
  });
  return clean.catch(() => last);
}

/** Asks until it was heard: the database may be away while this reads it. */
export async function allGone(stage: Stage, project: string): Promise<void> {
  for (const kind of ['VMInstance', 'VMDisk'] as const)
    await eventually(`each ${kind} of ${project} is asked to go`, PATIENCE_MS, async () => {
      for (const row of await rowsOf(stage.store, project))
        if (row.kind === kind) await stage.rest.delete(project, kind, row.name);
      return true;
    });
  await eventually(`${project} is empty`, PATIENCE_MS, async () =>
    (await rowsOf(stage.store, project)).length === 0 ? true : undefined,
  );
}
