import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { emptyDatabase } from '@compute/test-services';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { COMMANDS } from './commands/commands.ts';
import { Installation, operateIn } from './fixtures/installation.ts';

let installation: Installation;
beforeAll(async () => {
  installation = await Installation.start();
});
afterAll(() => installation.close());

test('every command says how it is called, and needs nothing for that', async () => {
  for (const name of Object.keys(COMMANDS)) {
    const { code, out } = await operateIn({}, '.', ...name.split(' '), '--help');
    expect(code).toBe(0);
    expect(out).toContain(`operate ${name}`);
    expect(out).toContain('--json');
  }
  expect((await operateIn({}, '.', '--help')).out).toContain('rebuild-queue');
});

test.each([
  ['no command', [], 2],
  ['an unknown command', ['rebuild'], 2],
  ['an unknown option', ['recount', '--all'], 2],
  ['a word too many', ['recount', 'demo'], 2],
  ['a missing variable', ['recount'], 2],
])('%s is a wrong call, and nothing is done', async (_what, args, code) => {
  expect((await operateIn({}, '.', ...args)).code).toBe(code);
});

test('what cannot be done ends with 3, in JSON as well', async () => {
  const away = {
    DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none',
    SECRETS_KEY: randomBytes(32).toString('base64'),
  };
  const { code, out } = await operateIn(away, '.', 'recount', '--json');
  expect(code).toBe(3);
  expect(JSON.parse(out)).toMatchObject({ error: { code: 'Unavailable' } });
  const unknown = await installation.operate('reconcile', 'vmdisk', 'demo/none');
  expect(unknown).toMatchObject({ code: 3, complaint: 'There is no VMDisk none in the project demo.' });
});

test('an empty database is migrated, once', async () => {
  const { url } = await emptyDatabase();
  const first = await operateIn({ DATABASE_URL: url }, '.', 'migrate', '--json');
  expect(first.code).toBe(0);
  expect((JSON.parse(first.out) as { applied: string[] }).applied.length).toBeGreaterThan(5);
  expect((await operateIn({ DATABASE_URL: url }, '.', 'migrate')).out).toContain('has every migration');
});

test('a project and a key for it are made by hand, and the key opens until it is revoked', async () => {
  expect((await installation.operate('projects', 'create', 'Tenant')).code).toBe(2);
  expect((await installation.operate('projects', 'create', 'tenant')).code).toBe(0);
  expect((await installation.operate('projects', 'create', 'tenant')).code).toBe(3);
  expect((await installation.operate('projects', 'list')).out).toMatch(/^tenant {2}/m);
  const made = await installation.report<{ id: string; token: string }>(
    ...['keys', 'create', 'ci', '--project', 'tenant', '--scopes', 'read,write', '--days', '30'],
  );
  expect(await installation.store.authenticate(made.json.token)).toMatchObject({ project: 'tenant', name: 'ci' });
  const list = await installation.operate('keys', 'list', '--project', 'tenant');
  expect(list.out).toContain(made.json.id);
  expect(list.out).not.toContain(made.json.token);
  expect((await installation.operate('keys', 'revoke', made.json.id)).out).toContain('revoked');
  expect((await installation.operate('keys', 'create', 'ci', '--scopes', 'root')).code).toBe(2);
});

test('a counter that differs from its rows is found, and repaired when asked', async () => {
  await installation.readyDisk('counted');
  expect((await installation.operate('recount')).code).toBe(0);
  await installation.sql("update quota set used = used + 3, ceiling = null where metric = 'disks'");
  const found = await installation.report<{ drifts: object[] }>('recount');
  expect(found).toMatchObject({ code: 1, json: { ok: false, drifts: [{ project: 'demo', metric: 'disks' }] } });
  expect((await installation.operate('recount', '--repair')).code).toBe(1);
  expect((await installation.operate('recount')).code).toBe(0);
});

test('one resource, or every one, is put before the workers', async () => {
  const disk = await installation.readyDisk('poked');
  const taken = async () => {
    const uids: string[] = [];
    await installation.store.claimOutbox(1_000, async (pokes) => void uids.push(...pokes.map(({ uid }) => uid)));
    return uids;
  };
  await taken();
  const one = await installation.operate('reconcile', 'VMDisk', 'demo/poked');
  expect(one.out).toContain('It is Ready since');
  expect(await taken()).toEqual([disk.uid]);
  await installation.readyDisk('other');
  await taken();
  const all = await installation.report<{ woken: number }>('rebuild-queue');
  expect(all.json.woken).toBeGreaterThanOrEqual(2);
  expect(await taken()).toHaveLength(all.json.woken);
});

test('a stack’s folder stands for the variables', async () => {
  const folder = join(installation.folder, 'stack');
  mkdirSync(folder);
  const { DATABASE_URL: databaseUrl, SECRETS_KEY: key = '' } = installation.environment;
  writeFileSync(
    join(folder, 'stack.json'),
    JSON.stringify({ databaseUrl, redisUrl: 'redis://none', cluster: { kubeconfig: '' } }),
  );
  writeFileSync(join(folder, 'secrets.key'), `${key}\n`);
  const run = await operateIn({}, installation.folder, 'projects', 'list', '--stack', 'stack');
  expect(run).toMatchObject({ code: 0, complaint: '' });
  expect(run.out).toContain('demo');
  expect((await operateIn({}, installation.folder, 'projects', 'list', '--stack', 'none')).code).toBe(3);
});
