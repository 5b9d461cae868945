/**
 * The life of a release on a real API server: helm installs, upgrades, rolls back and removes it. Nobody runs pods here, so
 * the test plays the job's controller: it ends the migration, well or badly, and looks at what helm does before and after.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KubeClient, type KubeObject, resourceKind } from '@compute/kube-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { OpenCluster } from '../../cluster/combination/open-cluster.ts';
import { notRun } from '../../cluster/conformance/not-run.ts';
import { kubeconfigFor } from '../../cluster/real/users.ts';
import { allIn, RestClient } from '../../stories/rest-client.ts';
import { RunningStack } from '../../stories/running-stack.ts';
import { canMount, operateAsPod, type PodAccount } from './as-pod.ts';
import { openChartCluster } from './chart-cluster.ts';
import { CHART, call, exampleFile, NAMESPACE, type Outcome, type Workload } from './helm.ts';

const PATIENCE = { timeout: 60_000, interval: 200 };
const kind = (group: string, kindName: string, plural: string) =>
  resourceKind({ group, version: 'v1', kind: kindName, plural, namespaced: true });
const jobs = kind('batch', 'Job', 'jobs');
const deployments = kind('apps', 'Deployment', 'deployments');
const FOLLOWED = [
  jobs,
  deployments,
  kind('', 'Service', 'services'),
  kind('', 'ServiceAccount', 'serviceaccounts'),
  kind('networking.k8s.io', 'NetworkPolicy', 'networkpolicies'),
];
const migration = { name: 'compute-migrations', namespace: NAMESPACE };

let cluster: OpenCluster;
let admin: KubeClient;

beforeAll(async () => {
  cluster = await openChartCluster();
  admin = cluster.admin;
});
afterAll(() => cluster?.close());

/** Helm against the cluster, as its administrator. */
function helm(verb: string, ...args: readonly string[]): Promise<Outcome> {
  const kubeconfig = ['--kubeconfig', cluster.server?.kubeconfig('admin') ?? '', '--namespace', NAMESPACE];
  return call('helm', [verb, ...args, ...kubeconfig, '--timeout', '90s']);
}

const MINIMAL = ['--values', exampleFile('minimal.yaml')];

/** The images of all deployments, each once; empty where there is none. */
async function images(): Promise<string[]> {
  const { items } = await admin.list(deployments, { namespace: NAMESPACE });
  const containers = (items as Workload[]).flatMap(({ spec }) => spec.template.spec.containers);
  return [...new Set(containers.map((container) => (container as unknown as { image: string }).image))].sort();
}

const uidOfMigration = async (): Promise<string | undefined> => (await admin.get(jobs, migration))?.metadata.uid;

/** Waits until helm has made the job of this release in place of the one before; throws in helm's words when it ends instead. */
async function migrationBegins(helmCall: Promise<Outcome>, before?: string): Promise<void> {
  const isThere = async () => ![undefined, before].includes(await uidOfMigration());
  const begun = expect.poll(isThere, PATIENCE).toBe(true);
  const ended = helmCall.then(({ stderr }) => Promise.reject(new Error(`helm ended before its migration: ${stderr}`)));
  await Promise.race([begun, ended]);
}

async function endMigration(as: 'Complete' | 'Failed'): Promise<void> {
  const now = new Date().toISOString();
  const met = as === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
  const condition = (type: string) => ({
    type,
    status: 'True',
    lastTransitionTime: now,
    lastProbeTime: now,
    reason: 'Played',
  });
  const ending = as === 'Complete' ? { completionTime: now, succeeded: 1 } : { failed: 1 };
  const uncounted = { uncountedTerminatedPods: {} };
  const status = { startTime: now, conditions: [condition(met), condition(as)], ...uncounted, ...ending };
  await admin.mergePatch(jobs, migration, { status }, { subresource: 'status' });
}

/** What the release has made, as `Kind/name`. */
async function namesOf(): Promise<string[]> {
  const lists = await Promise.all(FOLLOWED.map((each) => admin.list(each, { namespace: NAMESPACE })));
  return lists
    .flatMap(({ items }, index) => items.map(({ metadata }) => `${FOLLOWED[index]?.kind}/${metadata.name}`))
    .filter((name) => name.includes('/compute'))
    .sort();
}

it('an installation migrates first: until the job has ended well, there is no service', async () => {
  const installed = helm('install', 'compute', CHART, ...MINIMAL);
  await migrationBegins(installed);
  const before = ['Job/compute-migrations', 'NetworkPolicy/compute-migrations', 'ServiceAccount/compute-migrations'];
  expect(await namesOf()).toEqual(before);
  await endMigration('Complete');
  const { code, stderr, stdout } = await installed;
  expect(code, stderr).toBe(0);
  expect(stderr).not.toMatch(/would violate|deprecated|unknown field/);
  expect(stdout).toContain('worker   compute-worker-default drives the cluster default, the one it runs in');
  expect(await images()).toEqual(['compute-api:0.1.0', 'compute-worker:0.1.0']);
  expect(await namesOf()).not.toContain('NetworkPolicy/compute-migrations');
});

const VERSION_2 = ['--set', 'images.api.tag=0.2.0,images.worker.tag=0.2.0,images.migrations.tag=0.2.0'];

it('an upgrade whose migration fails leaves the pods of the release before', async () => {
  const before = await uidOfMigration();
  const upgraded = helm('upgrade', 'compute', CHART, ...MINIMAL, ...VERSION_2);
  await migrationBegins(upgraded, before);
  await endMigration('Failed');
  const { code, stderr } = await upgraded;
  expect(code).not.toBe(0);
  expect(stderr).toContain('pre-upgrade hooks failed');
  expect(await images()).toEqual(['compute-api:0.1.0', 'compute-worker:0.1.0']);
  expect(await namesOf()).toContain('Job/compute-migrations');
});

it('an upgrade changes pods when its migration has ended well, and not earlier', async () => {
  const failed = await uidOfMigration();
  const upgraded = helm('upgrade', 'compute', CHART, ...MINIMAL, ...VERSION_2);
  await migrationBegins(upgraded, failed);
  expect(await images()).toEqual(['compute-api:0.1.0', 'compute-worker:0.1.0']);
  await endMigration('Complete');
  const { code, stderr } = await upgraded;
  expect(code, stderr).toBe(0);
  expect(await images()).toEqual(['compute-api:0.2.0', 'compute-worker:0.2.0']);
});

it('a rollback brings the pods back and migrates nothing', async () => {
  const job = await uidOfMigration();
  const { code, stderr } = await helm('rollback', 'compute', '1');
  expect(code, stderr).toBe(0);
  expect(await images()).toEqual(['compute-api:0.1.0', 'compute-worker:0.1.0']);
  expect(await uidOfMigration()).toBe(job);
});

it('a worker under the account and role of the chart brings a machine up and is refused nothing', async () => {
  const kubeconfig = join(cluster.folder, 'account.kubeconfig');
  writeFileSync(kubeconfig, await kubeconfigOfAccount('compute-worker'), { mode: 0o600 });
  const stack = await RunningStack.start({ KUBECONFIG: kubeconfig });
  try {
    const rest = new RestClient(() => stack.facts);
    await rest.apply(stack.localExample);
    await rest.watchUntil(allIn({ 'vm-production': 'Running' }));
    await rest.json('vm-instances/vm-production?withDisks=true', { method: 'DELETE' });
    await expect
      .poll(() => rest.json<{ items: unknown[] }>('vm-disks').then(({ items }) => items), PATIENCE)
      .toEqual([]);
  } finally {
    await stack.stop();
  }
  const requests = requestsOfAccount();
  expect(requests.length).toBeGreaterThan(20);
  expect(requests.filter(({ responseStatus }) => responseStatus?.code === 403)).toEqual([]);
});

interface AuditEvent {
  readonly verb: string;
  readonly requestURI: string;
  readonly responseStatus?: { readonly code: number };
}

/** The server writes down what the account asks: it has the same name as the worker of the cluster suite. */
function requestsOfAccount(): AuditEvent[] {
  const lines = readFileSync(cluster.server?.auditLog ?? '', 'utf8')
    .trim()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as AuditEvent);
}

it('the doctor of `helm test` finds the cluster by what a pod has mounted, and every right there', async (context) => {
  if (!canMount()) return notRun(context, 'only root can give a process mounts of its own');
  const found = JSON.parse(await operateAsPod(await podAccount(), 'doctor', '--json')) as { findings: Finding[] };
  const texts = found.findings.filter(({ area }) => area === 'cluster').map(({ finding }) => finding);
  expect(texts).toContain('The account has every right that a worker uses.');
  expect(texts).toContain('The cluster serves every kind that we speak about.');
});

interface Finding {
  readonly area: string;
  readonly finding: string;
}

async function podAccount(): Promise<PodAccount> {
  const { server, folder } = cluster;
  const token = await tokenOf('compute-worker');
  return { token, ca: join(server?.pki ?? '', 'ca.crt'), server: new URL(server?.url ?? ''), folder };
}

async function kubeconfigOfAccount(name: string): Promise<string> {
  const { server } = cluster;
  return kubeconfigFor(server?.url ?? '', await tokenOf(name), join(server?.pki ?? '', 'ca.crt'));
}

/** A token for the account as the kubelet asks for one; the roles are what the account has. */
async function tokenOf(account: string): Promise<string> {
  const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/${account}/token`;
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3_600 } };
  const { status } = await admin.raw<KubeObject & { status: { token: string } }>('POST', path, request);
  return status.token;
}

it('a removal leaves the last migration to be read, and nothing else', async () => {
  const { code, stderr } = await helm('uninstall', 'compute', '--wait');
  expect(code, stderr).toBe(0);
  await expect.poll(namesOf, PATIENCE).toEqual(['Job/compute-migrations']);
});
