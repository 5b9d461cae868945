/** What helm makes of the chart: it lints, every example renders, wrong values are refused with a sentence, secrets have no way in. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '@compute/kube-client';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { SERVICE_SETTINGS, type Service, settingsOf } from '../chart-settings.ts';
import {
  CHART,
  call,
  exampleFile,
  examples,
  NAMESPACE,
  named,
  render,
  template,
  valuesFile,
  type Workload,
  workloadsOf,
} from './helm.ts';

const deploy = (path: string): string => readFileSync(new URL(`../../../deploy/${path}`, import.meta.url), 'utf8');

describe.each(examples())('with %s', (example) => {
  it('helm lints the chart strictly', async () => {
    const { code, stdout, stderr } = await call('helm', ['lint', '--strict', CHART, '--values', exampleFile(example)]);
    expect(code, `${stdout}${stderr}`).toBe(0);
  });

  it('no object holds a secret, and only a worker that drives its own cluster gets a token', async () => {
    const objects = await render('--values', exampleFile(example));
    expect(objects.filter(({ kind }) => kind === 'Secret')).toEqual([]);
    for (const workload of workloadsOf(objects)) {
      const { automountServiceAccountToken: hasToken, containers } = workload.spec.template.spec;
      const isRemote = containers[0]?.env.some(({ name }) => name === 'KUBECONFIG') ?? false;
      const isWorker = workload.metadata.labels?.['app.kubernetes.io/component'] === 'worker';
      expect(hasToken, workload.metadata.name).toBe(isWorker && !isRemote);
    }
  });
});

it('says the same from a package as from its folder: links are followed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'chart-package-'));
  expect((await call('helm', ['package', CHART, '--destination', folder])).code).toBe(0);
  const packed = join(folder, readdirSync(folder)[0] ?? '');
  const everything = ['--values', exampleFile('everything-on.yaml')];
  const { stdout } = await call('helm', ['template', 'compute', packed, '--namespace', NAMESPACE, ...everything]);
  expect(stdout).toContain('alert: ComputeApiAbsent');
  expect(stdout).toBe((await template(...everything)).stdout);
});

it('refuses nothing that values.yaml says', async () => {
  expect((await template()).stderr).toBe('');
});

const REFUSED: readonly [values: string, ...words: string[]][] = [
  ['replicas=3', "additional properties 'replicas' not allowed"],
  ['api.replica=3', "additional properties 'replica' not allowed"],
  ['api.replicas=many', '/api/replicas', 'want integer'],
  ['images.pullPolicy=Sometimes', '/images/pullPolicy', "'Always', 'IfNotPresent', 'Never'"],
  ['images.api.digest=sha256:abc', '/images/api/digest'],
  ['secrets.database.name=', '/secrets/database/name'],
  ['settings.LOG_LEVEL=loud', '/settings/LOG_LEVEL', "'trace', 'debug'"],
  ['worker.settings.WORKER_CONCURRENCY=0', 'settings/WORKER_CONCURRENCY', 'want 1'],
  ['api.settings.WORKER_CONCURRENCY=8', "'WORKER_CONCURRENCY' not allowed"],
  ['api.settings.OIDC_ISSUER=https://login.example.org', 'OIDC_AUDIENCE'],
  ['clusters[0].id=West_1,clusters[0].replicas=1', '/clusters/0/id'],
  ['clusters[0].replicas=1', "missing property 'id'"],
  ['networkPolicy.privateNetworks[0]=10.0.0.1', '/networkPolicy/privateNetworks/0'],
  ['quotaDefaults=none', '/quotaDefaults'],
  ['clusters[0].id=a,clusters[0].replicas=1,clusters[1].id=b,clusters[1].replicas=1', 'two entries have no kubeconfig'],
  ['clusters[0].id=a,clusters[0].replicas=1,clusters[1].id=a,clusters[1].replicas=1', 'the id "a" is there twice'],
  ['api.grpcClientCa.secretName=clients', 'api.grpcClientCa needs api.tls.secretName'],
  ['gateway.kube.hostnames[0]=kube.example.org', 'gateway.kube needs api.kubeTls.secretName'],
  ['gateway.rest.hostnames[0]=rest.example.org', 'gateway.parentRefs names no Gateway'],
  ['worker.autoscaling.kind=keda', 'needs worker.autoscaling.prometheusUrl'],
  ['importerPolicy.kind=NetworkPolicy', 'needs importerPolicy.namespaces'],
];

it.each(REFUSED)('refuses %s and says why', async (values, ...wanted) => {
  const { code, stderr } = await template('--set', values);
  expect(code).not.toBe(0);
  for (const words of wanted) expect(stderr).toContain(words);
});

const SECRETS = (Object.keys(SERVICE_SETTINGS) as Service[]).flatMap((service) =>
  [...settingsOf(service).values()].filter(({ secret }) => secret).map(({ variable }) => [service, variable] as const),
);

it.each(SECRETS)('takes no secret in clear: %s, %s', async (service, variable) => {
  for (const place of ['settings', `${service}.settings`, 'secrets']) {
    const { code, stderr } = await template('--set', `${place}.${variable}=c2VjcmV0`);
    expect(code).not.toBe(0);
    expect(stderr).toContain(`'${variable}' not allowed`);
  }
});

describe('every setting of the services', () => {
  const services = Object.keys(SERVICE_SETTINGS) as Service[];

  it.each(services)('reaches the %s', async (service) => {
    const objects = await render('--values', exampleFile('everything-on.yaml'), '--values', everySetting());
    const name = service === 'api' ? 'compute-vm-api' : 'compute-vm-worker-west-1';
    const { containers } = (named(objects, 'Deployment', name) as Workload).spec.template.spec;
    const given = containers[0]?.env.map((one) => one.name).sort() ?? [];
    const read = [...settingsOf(service).values()].map(({ variable, fileVariable }) => fileVariable ?? variable);
    expect(given).toEqual([...read, 'NODE_EXTRA_CA_CERTS'].sort());
  });

  it('as the service reads it: large numbers in digits, false and 0 over what both services have', async () => {
    const { containers } = (
      named(await render('--values', exampleFile('everything-on.yaml')), 'Deployment', 'compute-vm-api') as Workload
    ).spec.template.spec;
    const value = (variable: string) => containers[0]?.env.find(({ name }) => name === variable)?.value;
    expect(value('RATE_LIMIT_WRITES')).toBe('12000000');
    expect(value('ALLOW_PRIVATE_WEBHOOKS')).toBe('false');
    expect(value('OTEL_TRACES_SAMPLER_ARG')).toBe('0.1');
  });
});

/** Values with something for each setting that is given under its own name. */
function everySetting(): string {
  const samples = (service: Service): object => {
    const { properties } = schemaAt(service);
    return Object.fromEntries(Object.entries(properties).map(([variable, form]) => [variable, sampleOf(form)]));
  };
  return valuesFile({ api: { settings: samples('api') }, worker: { settings: samples('worker') } });
}

interface Form {
  readonly type: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly pattern?: string;
}

function schemaAt(service: Service): { properties: Record<string, Form> } {
  const schema = JSON.parse(deploy('helm/values.schema.json')) as {
    properties: Record<Service, { properties: { settings: { properties: Record<string, Form> } } }>;
  };
  return schema.properties[service].properties.settings;
}

function sampleOf({ type, enum: words, minimum, pattern }: Form): unknown {
  if (type === 'boolean') return true;
  if (type === 'integer' || type === 'number') return minimum ?? 1;
  return words?.[0] ?? (pattern === undefined ? 'text' : 'https://example.org');
}

describe('what is not written twice', () => {
  let objects: KubeObject[];
  beforeAll(async () => {
    objects = await render('--values', exampleFile('everything-on.yaml'));
  });

  it('the role is the one that the cluster suite runs its worker under', () => {
    const { rules } = parse(deploy('cluster/worker-role.yaml')) as { rules: unknown };
    expect(named(objects, 'ClusterRole', 'compute-vm-worker')).toMatchObject({ rules });
  });

  it('the alerts are those of deploy/monitoring, with the operator’s runbooks', () => {
    const rules = deploy('monitoring/rules.yaml').replaceAll(
      'docs/runbooks.md',
      'https://wiki.example.org/runbooks.md',
    );
    expect(named(objects, 'PrometheusRule', 'compute-vm')).toMatchObject({ spec: parse(rules) as object });
  });

  it('the dashboard is that of deploy/monitoring', () => {
    const { data } = named(objects, 'ConfigMap', 'compute-vm-dashboard') as KubeObject & {
      data: Record<string, string>;
    };
    expect(JSON.parse(data['compute.json'] ?? '')).toEqual(JSON.parse(deploy('monitoring/dashboard.json')));
  });
});

it('a change of the catalogue starts new pods, and nothing else does', async () => {
  const annotations = async (...args: string[]) =>
    workloadsOf(await render(...args))
      .filter(({ kind }) => kind === 'Deployment')
      .map(({ spec }) => spec.template.metadata.annotations?.['checksum/files']);
  const catalogue = (name: string) => valuesFile({ catalogue: { storageClasses: [{ name, replicated: true }] } });
  const [before, again, after] = await Promise.all([
    annotations('--values', catalogue('fast')),
    annotations('--values', catalogue('fast')),
    annotations('--values', catalogue('slow')),
  ]);
  expect(before).toEqual(again);
  expect(before).not.toEqual(after);
  expect(await annotations()).toEqual([undefined, undefined]);
});
