import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderInstancetype } from '@compute/cluster';
import { builtinCatalogue } from '@compute/domain';
import { type KubeObject, resourceKind } from '@compute/kube-client';
import { type Simulator, startSimulator } from '@compute/simulator';
import { testRedis } from '@compute/test-services';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Finding } from '../doctor/finding.ts';
import { Installation, operateIn } from '../fixtures/installation.ts';

let simulator: Simulator;
let installation: Installation;
beforeAll(async () => {
  simulator = await startSimulator();
  installation = await Installation.start({ REDIS_URL: (await testRedis()).url });
  writeFileSync(kubeconfig(), simulator.kubeconfig);
});
afterAll(async () => {
  await installation.close();
  await simulator.close();
});

const kubeconfig = () => join(installation.folder, 'kubeconfig');
const environment = (more: Readonly<Record<string, string>> = {}) => ({
  ...{ ...installation.environment, KUBECONFIG: kubeconfig() },
  ...more,
});

async function findings(env: Readonly<Record<string, string>> = environment(), ...args: string[]) {
  const { code, out } = await operateIn(env, installation.folder, 'doctor', '--json', ...args);
  return { code, all: (JSON.parse(out) as { findings: Finding[] }).findings };
}

const errors = (all: readonly Finding[]) => all.filter(({ level }) => level === 'error');

const secrets = resourceKind<KubeObject>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
});
const types = resourceKind<KubeObject>({
  group: 'instancetype.kubevirt.io',
  version: 'v1beta1',
  kind: 'VirtualMachineClusterInstancetype',
  plural: 'virtualmachineclusterinstancetypes',
  namespaced: false,
});

test('a whole installation has no errors, and each finding that is not well has a remedy', async () => {
  const { code, all } = await findings();
  expect(errors(all)).toEqual([]);
  expect(code).toBe(0);
  expect(new Set(all.map(({ area }) => area))).toEqual(new Set(['database', 'redis', 'cluster']));
  expect(all.filter(({ level, remedy }) => level !== 'ok' && remedy === undefined)).toEqual([]);
  expect(all.map(({ finding }) => finding)).toEqual(
    expect.arrayContaining([
      'The account has every right that a worker uses.',
      'The clock of the database agrees with this machine’s.',
      'The clock of the cluster agrees with this machine’s.',
      'The keys open everything that is sealed.',
    ]),
  );
});

test('what does not answer is a finding each, and the rest is looked at', async () => {
  const { code, all } = await findings(environment({ REDIS_URL: 'redis://127.0.0.1:1', DATABASE_URL: '' }));
  expect(code).toBe(1);
  expect(errors(all)).toMatchObject([
    { area: 'database', finding: expect.stringMatching(/DATABASE_URL.* is not set/) },
    { area: 'redis', finding: 'Redis does not answer' },
  ]);
  expect(all.some(({ area, level }) => area === 'cluster' && level === 'ok')).toBe(true);
});

test('a key that is not the database’s is found before a service meets it', async () => {
  const { all } = await findings(environment({ SECRETS_KEY: Buffer.alloc(32, 1).toString('base64') }));
  expect(errors(all)).toMatchObject([{ finding: 'None of the keys opens what is sealed of: project demo.' }]);
});

test('work that nobody takes is told', async () => {
  await installation.readyDisk('waiting');
  await installation.sql(`update outbox set created_at = now() - interval '10 minutes'`);
  const { all } = await findings();
  expect(errors(all)[0]?.finding).toMatch(/^\d+ wake-ups wait, the oldest for 60\d s\.$/);
  await installation.sql('delete from outbox');
});

test('a migration that is missing or half done is told with its name', async () => {
  const newest = `(select max(migration_name) from _prisma_migrations)`;
  await installation.sql(`update _prisma_migrations set finished_at = null where migration_name = ${newest}`);
  const { all } = await findings();
  expect(errors(all).map(({ finding }) => finding)).toEqual([
    expect.stringMatching(/^These migrations failed half way: \d{14}_/),
    expect.stringMatching(/^The database lacks: \d{14}_/),
  ]);
  await installation.sql('update _prisma_migrations set finished_at = now()');
});

test('an instance type of another size is an error, since the catalogue’s is billed', async () => {
  const [type] = builtinCatalogue.instanceTypes;
  if (type === undefined) throw new Error('the catalogue is empty');
  const larger = renderInstancetype({ ...type, vcpu: type.vcpu + 1 });
  await simulator.client.delete(types, { name: type.name });
  await simulator.client.create(types, larger);
  const { all } = await findings();
  expect(errors(all)).toMatchObject([{ finding: expect.stringContaining(`${type.name} has ${type.vcpu + 1} CPUs`) }]);
});

test('objects of a row that is gone are listed, those of a row that exists are not', async () => {
  const disk = await installation.readyDisk('kept');
  const gone = 'aaaaaaaa-0000-4000-8000-000000000000';
  const secretOf = (name: string, uid: string) => ({
    ...{ apiVersion: 'v1', kind: 'Secret' },
    metadata: {
      ...{ name, namespace: 'default' },
      labels: {
        'compute.cozystack.io/uid': uid,
        'compute.cozystack.io/kind': 'VMDisk',
        'app.kubernetes.io/managed-by': 'compute-control-plane',
      },
    },
  });
  await simulator.client.create(secrets, secretOf('mine', disk.uid));
  expect(await operateIn(environment(), '.', 'orphans')).toMatchObject({ code: 0 });
  await simulator.client.create(secrets, secretOf('nobodys', gone));
  const { code, out } = await operateIn(environment(), '.', 'orphans', '--json');
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    objects: 2,
    orphans: [{ kind: 'Secret', name: 'nobodys', row: { uid: gone } }],
  });
});
