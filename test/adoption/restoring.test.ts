/** A backup is restored while the cluster has moved on. One story; each line of it is a case of docs/restoring.md. */
import {
  type AnyResource,
  builtinCatalogue as catalogue,
  chargeVm,
  claimOfDisk,
  claimOfVm,
  initialDisk,
  initialVm,
  type PowerRequest,
  type VmDisk,
  type VmInstance,
  type VmInstanceSpec,
} from '@compute/domain';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FlakyImage } from './flaky-image.ts';
import { KINDS, OperatedStage } from './operated-stage.ts';

const BY = { actor: { type: 'user', id: 'story' }, requestId: 'story' } as const;
const PROJECT = 'shop';

let stage: OperatedStage;
let image: FlakyImage;
beforeAll(async () => {
  stage = await OperatedStage.start([PROJECT]);
  image = await FlakyImage.start();
});
afterAll(async () => {
  await stage.close();
  await image.close();
});

async function makeDisk(name: string, source: VmDisk['spec']['source'] = {}): Promise<VmDisk> {
  const spec = { source, optical: false, storage: '1Gi', storageClass: 'replicated' };
  const command = { ...BY, kind: 'VMDisk', project: PROJECT, name, spec, claim: claimOfDisk(spec) } as const;
  const { resource } = await stage.store.create({ ...command, ...initialDisk() });
  return resource;
}

/** With a disk of its own. */
async function makeVm(name: string, change: Partial<VmInstanceSpec> = {}): Promise<VmInstance> {
  await makeDisk(`${name}-root`);
  const spec: VmInstanceSpec = {
    ...{ external: false, externalMethod: 'PortList', externalPorts: [], instanceType: 'u1.medium' },
    ...{ instanceProfile: 'ubuntu', disks: [`${name}-root`], sshKeys: [], cloudInit: '', cloudInitSeed: '' },
    ...change,
  };
  const size = chargeVm(spec, catalogue);
  const { resource } = await stage.store.create({
    ...{ ...BY, kind: 'VMInstance', project: PROJECT, name, spec, claim: claimOfVm(spec, size) },
    ...initialVm(size),
    attachments: [{ disk: `${name}-root` }],
  });
  return resource as VmInstance;
}

const target = (name: string) => ({ kind: 'VMInstance', project: PROJECT, name }) as const;
const power = (name: string, request: PowerRequest) =>
  stage.store.want<'VMInstance'>({ ...BY, target: target(name), power: request });
const edit = async (name: string, change: Partial<VmInstanceSpec>) => {
  const row = await stage.store.get('VMInstance', PROJECT, name);
  if (!row) throw new Error(`there is no ${name}`);
  const spec = { ...row.spec, ...change };
  const instanceType = chargeVm(spec, catalogue);
  const charge = { claim: claimOfVm(spec, instanceType), chargedStatus: { instanceType } };
  const attachments = [{ disk: `${name}-root` }];
  return stage.store.want<'VMInstance'>({ ...BY, target: target(name), spec, ...charge, attachments });
};
const remove = (name: string) => stage.store.requestDeletion({ ...BY, target: target(name), withDisks: true });
const vm = (name: string, phase: string) =>
  stage.row(
    'VMInstance',
    PROJECT,
    name,
    (row) => row.phase === phase && (row as VmInstance).status.power?.pending !== true,
  );
const disk = (name: string, phase: string) => stage.row('VMDisk', PROJECT, name, (row) => row.phase === phase);
const gone = (kind: 'VMInstance' | 'VMDisk', name: string) =>
  expect.poll(() => stage.store.get(kind, PROJECT, name), { timeout: 20_000 }).toBeUndefined();
const incarnation = async (name: string): Promise<string | undefined> =>
  (await stage.find(KINDS.machine, PROJECT, `vm-instance-${name}`))?.metadata.uid;
const volume = async (name: string): Promise<string | undefined> =>
  (await stage.find(KINDS.dataVolume, PROJECT, `vm-disk-${name}`))?.metadata.uid;

/** What the cluster has of what must live on. */
const living = async () => ({
  machines: await Promise.all(['keep', 'idle', 'newer'].map(incarnation)),
  volumes: await Promise.all(['keep-root', 'idle-root', 'newer-root', 'late'].map(volume)),
});

describe('a backup is restored while the cluster has moved on', () => {
  let backup: string;
  let before: Awaited<ReturnType<typeof living>>;
  let lateCursor: string;
  let lateUsage: string;
  let newerUid: string;
  let starting: Promise<unknown>;

  test('an installation lives, is backed up, and lives on', async () => {
    await stage.startWorker();
    await Promise.all([makeVm('keep'), makeVm('idle', { running: false }), makeVm('deleted'), makeVm('leaving')]);
    await makeDisk('late', { http: { url: image.url } });
    await Promise.all([
      vm('keep', 'Running'),
      vm('idle', 'Stopped'),
      vm('deleted', 'Running'),
      vm('leaving', 'Running'),
    ]);
    await disk('late', 'Failed');
    await edit('keep', { running: false });
    await vm('keep', 'Stopped');
    await edit('keep', { running: true });
    await vm('keep', 'Running');
    await stage.store.usage.publish();
    await stage.stopWorkers();
    // Wishes that are on their way when the backup is made.
    await power('keep', { do: 'restart' });
    await remove('leaving');
    const first = await incarnation('keep');
    backup = await stage.backUp();

    await stage.startWorker();
    await stage.object(KINDS.machine, PROJECT, 'vm-instance-keep', ({ metadata, status }) => {
      return metadata.uid !== first && status?.phase === 'Running';
    });
    await Promise.all([edit('idle', { running: true, instanceType: 'u1.large' }), remove('deleted'), makeVm('newer')]);
    image.appear();
    const late = await stage.store.get('VMDisk', PROJECT, 'late');
    if (!late) throw new Error('there is no disk late');
    await stage.store.want({ ...BY, target: { uid: late.uid, project: PROJECT }, retry: true });
    newerUid = (await vm('newer', 'Running')).uid;
    await Promise.all([vm('idle', 'Running'), vm('keep', 'Running'), disk('late', 'Ready')]);
    await Promise.all([gone('VMInstance', 'deleted'), gone('VMDisk', 'deleted-root'), gone('VMInstance', 'leaving')]);
    await stage.store.usage.publish();
    // A worker that starts tells the cluster how far the database has come.
    await stage.stopWorkers();
    await stage.startWorker();
    await stage.stopWorkers();
    before = await living();
    expect([...before.machines, ...before.volumes]).not.toContain(undefined);
    lateCursor = await stage.store.feedPosition();
    const page = await stage.store.usage.events({ limit: 1_000 });
    lateUsage = page.events.at(-1)?.position ?? '';
  }, 120_000);

  test('a worker that starts on the restored database does nothing but say so', async () => {
    await stage.useDatabase(backup);
    starting = stage.startWorker();
    starting.catch(() => undefined);
    const check = await stage.operate('restore', 'check');
    expect(check.code).toBe(1);
    expect(check.out).toContain('It is OLDER than that');
    for (const line of [
      'missing: VMInstance shop/deleted',
      'missing: VMDisk shop/deleted-root',
      'edited: VMInstance shop/idle',
      'filled: VMDisk shop/late',
      'deleting: VMInstance shop/leaving',
      `uid ${newerUid}, has no row`,
    ])
      expect(check.out).toContain(line);
    const started = await Promise.race([starting.then(() => 'started'), stage.operate('orphans').then(() => 'waits')]);
    expect(started).toBe('waits');
    expect(await living()).toEqual(before);
  });

  test('nothing is decided by default', async () => {
    const asked = await stage.operate('restore', 'finish');
    expect(asked.code).toBe(1);
    for (const option of ['missing', 'edited', 'orphans']) expect(asked.out).toContain(`Decide with --${option}.`);
    expect(await stage.store.restores.lineage()).toMatchObject({ epoch: 1, held: false });
  });

  test('what was decided is done, then the workers go on, and nothing that ran was touched', async () => {
    const finished = await stage.operate(
      ...['restore', 'finish', '--missing', 'forget', '--edited', 'adopt', '--orphans', 'adopt'],
    );
    expect(finished).toMatchObject({ code: 0, out: expect.stringContaining('The workers go on.') });
    await starting;
    await Promise.all(['deleted', 'leaving'].map((name) => gone('VMInstance', name)));
    await Promise.all(['deleted-root', 'leaving-root'].map((name) => gone('VMDisk', name)));
    const [keep, idle, newer, late] = await Promise.all([
      ...['keep', 'idle', 'newer'].map((name) => vm(name, 'Running')),
      disk('late', 'Ready'),
    ]);
    expect(await living()).toEqual(before);
    expect((idle as AnyResource as VmInstance).spec).toMatchObject({ running: true, instanceType: 'u1.large' });
    expect((idle as AnyResource as VmInstance).status.instanceType.name).toBe('u1.large');
    expect(newer?.uid).toBe(newerUid);
    expect((late as AnyResource).status.failure).toBeUndefined();
    expect((keep as AnyResource as VmInstance).intent).toBeUndefined();
    expect((await stage.operate('orphans')).code).toBe(0);
    expect((await stage.operate('recount')).code).toBe(0);
    const lives = await stage.store.history({ project: PROJECT, uid: newerUid, limit: 100, oldestFirst: true });
    expect(lives.items[0]).toMatchObject({ reason: 'Adopted' });
    expect((await stage.operate('restore', 'check')).code).toBe(0);
  }, 60_000);

  test('a cursor from before is told to begin anew, whichever side of the backup it is of', async () => {
    for (const after of ['0', lateCursor])
      await expect(stage.store.changes({ after, limit: 10 })).rejects.toMatchObject({ code: 'CursorTooOld' });
    const row = await stage.store.get('VMInstance', PROJECT, 'keep');
    const stale = { ...BY, target: target('keep'), expectedSpecVersion: 9, spec: row?.spec as VmInstanceSpec };
    await expect(stage.store.want<'VMInstance'>(stale)).rejects.toMatchObject({ code: 'PreconditionFailed' });
  });

  test('usage goes on behind everything that was handed out, and the gap is signed', async () => {
    await edit('keep', { running: false });
    await vm('keep', 'Stopped');
    await stage.store.usage.publish();
    const page = await stage.store.usage.events({ limit: 1_000, after: lateUsage });
    expect(page.events.length).toBeGreaterThan(0);
    for (const { position, chainPosition } of page.events) {
      expect(Number(position)).toBeGreaterThan(1_000_000);
      expect(Number(chainPosition)).toBeGreaterThan(1_000_000);
    }
    const [resumed, ended] = await stage.store.usage.checkpoints(PROJECT, 10);
    const said = JSON.parse(Buffer.from(resumed?.statement.split('.')[1] ?? '', 'base64url').toString());
    expect(said.restored).toMatchObject({ epoch: 2, withdrawnFrom: String(Number(ended?.chainPosition) + 1) });
    expect(Number(said.restored.withdrawnTo)).toBeLessThan(Number(page.events[0]?.chainPosition));
    expect((await stage.operate('audit', '--project', PROJECT)).out).not.toContain('differ');
  }, 60_000);
});
