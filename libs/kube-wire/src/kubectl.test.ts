/** Real, unmodified kubectl against a server with TLS and a token. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Fields } from './protocol/kube-object.ts';
import {
  pod,
  startTestCluster,
  type TestCluster,
  virtualMachine,
  virtualMachineInstance,
} from './testing/test-cluster.ts';
import { selfSignedCertificate } from './tls/self-signed-certificate.ts';

interface Run {
  code: number;
  output: string;
  errors: string;
}

const missing = spawnSync('kubectl', ['version', '--client']).error?.message;

if (missing === undefined) describe('kubectl', withKubectl);
else {
  it('kubectl is not here, so nothing is known about it', () => {
    process.stdout.write(`kubectl stories did not run: ${missing}\n`);
    expect(missing).toContain('kubectl');
  });
}

function withKubectl(): void {
  let cluster: TestCluster;
  let folder: string;
  const args = (): string[] => [`--kubeconfig=${join(folder, 'kubeconfig')}`, `--cache-dir=${join(folder, 'cache')}`];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubectl-'));
    const user = { name: 'tester', groups: ['system:masters'] };
    cluster = await startTestCluster({ tls: selfSignedCertificate(['127.0.0.1']), tokens: { 'the-token': user } });
    await writeFile(join(folder, 'kubeconfig'), cluster.server.kubeconfig());
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  function kubectl(command: string, input?: unknown): Promise<Run> {
    return new Promise((resolve) => {
      const child = execFile(
        'kubectl',
        [...args(), ...command.split(' ')],
        { timeout: 20_000 },
        (error, output, errors) => {
          resolve({ code: error === null ? 0 : 1, output, errors });
        },
      );
      child.stdin?.end(
        input === undefined
          ? ''
          : Array.isArray(input)
            ? input.map((each) => stringify(each, { version: '1.1' })).join('---\n')
            : stringify(input, { version: '1.1' }),
      );
    });
  }

  async function run(command: string, input?: unknown): Promise<string> {
    const { code, output, errors } = await kubectl(command, input);
    expect(code, `kubectl ${command}: ${errors}`).toBe(0);
    return output.trim();
  }

  const dataVolume = (name: string): Fields => ({
    apiVersion: 'cdi.kubevirt.io/v1beta1',
    kind: 'DataVolume',
    metadata: { name },
    spec: { source: { blank: {} }, storage: { resources: { requests: { storage: '1Gi' } } } },
  });
  const columns = (text: string, line = 0): string[] => (text.split('\n')[line] ?? '').trim().split(/\s{2,}|\s+(?=\S)/);

  it('applies, applies again and applies a change', async () => {
    expect(await run('apply -f -', virtualMachine('applied'))).toBe('virtualmachine.kubevirt.io/applied created');
    expect(await run('apply -f -', virtualMachine('applied'))).toBe('virtualmachine.kubevirt.io/applied unchanged');
    const changed = virtualMachine('applied', { runStrategy: 'Halted' });
    expect(await run('apply -f -', changed)).toBe('virtualmachine.kubevirt.io/applied configured');
    expect(await run('get vm applied -o jsonpath={.spec.runStrategy}')).toBe('Halted');
  });

  it('applies built-in kinds by strategic merge', async () => {
    const service = (port: number) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'strategic' },
      spec: {
        selector: { a: 'b' },
        ports: [
          { name: 'x', port },
          { name: 'y', port: 9000 },
        ],
      },
    });
    await run('apply -f -', service(80));
    expect(await run('apply -f -', service(81))).toBe('service/strategic configured');
    expect(await run('get svc strategic -o jsonpath={.spec.ports[*].port}')).toBe('81 9000');
  });

  it('applies on the server, conflicts and forces', async () => {
    await run('apply --server-side -f -', virtualMachine('owned'));
    const other = virtualMachine('owned', { runStrategy: 'Manual' });
    const refused = await kubectl('apply --server-side --field-manager=other -f -', other);
    expect([refused.code, refused.errors]).toEqual([
      1,
      expect.stringContaining('conflict with "kubectl": .spec.runStrategy'),
    ]);
    expect(await run('apply --server-side --field-manager=other --force-conflicts -f -', other)).toContain(
      'serverside-applied',
    );
    expect(await run('get vm owned -o jsonpath={.spec.runStrategy}')).toBe('Manual');
  });

  it('takes over what was applied on the client before', async () => {
    await run('apply -f -', virtualMachine('migrated'));
    expect(await run('apply --server-side -f -', virtualMachine('migrated', { runStrategy: 'Halted' }))).toContain(
      'serverside-applied',
    );
  });

  it('refuses a misspelt field', async () => {
    const refused = await kubectl('apply -f -', virtualMachine('misspelt', { runStrategi: 'Always' }));
    expect([refused.code, refused.errors]).toEqual([1, expect.stringContaining('unknown field "spec.runStrategi"')]);
  });

  it('gets several kinds of all namespaces as tables', async () => {
    await run('create namespace several');
    await run('apply -n several -f -', [
      virtualMachine('machine'),
      virtualMachineInstance('instance'),
      dataVolume('disk'),
    ]);
    await run(
      'patch vm machine -n several --subresource=status --type=merge -p {"status":{"printableStatus":"Running"}}',
    );
    const text = await run('get vm,vmi,dv -A');
    expect(text).toMatch(/NAMESPACE +NAME +AGE +STATUS +READY/);
    expect(text).toMatch(/several +virtualmachine.kubevirt.io\/machine +\d+s +Running/);
    expect(text).toMatch(/NAMESPACE +NAME +AGE +PHASE +IP +NODENAME +READY/);
    expect(text).toMatch(/NAMESPACE +NAME +PHASE +PROGRESS +RESTARTS +AGE/);
    expect(columns(await run('get vmi -n several -o wide'))).toEqual([
      'NAME',
      'AGE',
      'PHASE',
      'IP',
      'NODENAME',
      'READY',
      'LIVE-MIGRATABLE',
      'PAUSED',
    ]);
  });

  it.each([
    ['pods', 'NAME READY STATUS RESTARTS AGE'],
    ['pods -o wide', 'NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES'],
    ['svc', 'NAME TYPE CLUSTER-IP EXTERNAL-IP PORT(S) AGE'],
    ['pvc', 'NAME STATUS VOLUME CAPACITY ACCESS MODES STORAGECLASS VOLUMEATTRIBUTESCLASS AGE'],
    ['ns', 'NAME STATUS AGE'],
    ['cm', 'NAME DATA AGE'],
    ['secret', 'NAME TYPE DATA AGE'],
    ['quota', 'NAME REQUEST LIMIT AGE'],
    ['events', 'LAST SEEN TYPE REASON OBJECT MESSAGE'],
  ])('prints the columns of %s', async (what, header) => {
    await run('apply -f -', [
      pod('printed'),
      { apiVersion: 'v1', kind: 'Service', metadata: { name: 'printed' }, spec: { ports: [{ port: 80 }] } },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'printed' } },
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'printed' } },
      { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'printed' }, spec: { hard: { pods: '100' } } },
      {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: 'printed' },
        involvedObject: { kind: 'Pod', name: 'printed' },
      },
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'printed' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
    ]);
    expect((await run(`get ${what}`)).split('\n')[0]?.trim().replace(/\s+/g, ' ')).toBe(header);
  });

  it('watches', async () => {
    await run('apply -f -', virtualMachine('watched'));
    const watcher = spawn('kubectl', [...args(), 'get', 'vm', 'watched', '-w', '--output-watch-events']);
    const seen: string[] = [];
    for await (const line of createInterface({ input: watcher.stdout })) {
      const event = line.split(/\s+/)[0] ?? '';
      seen.push(event);
      if (event === 'ADDED') await run('label vm watched a=b');
      if (event === 'MODIFIED') await run('delete vm watched --wait=false');
      if (event === 'DELETED') break;
    }
    watcher.kill();
    expect(seen).toEqual(['EVENT', 'ADDED', 'MODIFIED', 'DELETED']);
  });

  it('explains', async () => {
    expect(await run('explain vm.spec')).toMatch(/KIND: +VirtualMachine[\s\S]*runStrategy\s+<string>/);
    expect(await run('explain pods.spec.containers')).toMatch(/FIELD: containers <\[\]Object>[\s\S]*image\s+<string>/);
  });

  it('describes', async () => {
    await run('apply -f -', [virtualMachine('described'), pod('described')]);
    expect(await run('describe vm described')).toMatch(/Kind: +VirtualMachine[\s\S]*Run Strategy: +Always/);
    expect(await run('describe pod described')).toMatch(/Status: +Pending/);
  });

  it('waits', async () => {
    await run('apply -f -', virtualMachine('waited'));
    const waiting = run('wait vm/waited --for=condition=Ready --timeout=10s');
    await run(
      'patch vm waited --subresource=status --type=merge -p {"status":{"conditions":[{"type":"Ready","status":"True"}]}}',
    );
    expect(await waiting).toBe('virtualmachine.kubevirt.io/waited condition met');
  });

  it('deletes and waits for the end', async () => {
    await run('apply -f -', virtualMachine('deleted', {}, { finalizers: ['example.com/hold'] }));
    const deleting = run('delete vm deleted --wait --timeout=10s');
    await run('patch vm deleted --type=json -p [{"op":"remove","path":"/metadata/finalizers"}]');
    expect(await deleting).toContain('deleted');
    expect((await kubectl('get vm deleted')).errors).toContain(
      'Error from server (NotFound): virtualmachines.kubevirt.io "deleted" not found',
    );
  });

  it('labels, annotates, patches, replaces and selects', async () => {
    await run('apply -f -', [virtualMachine('one'), virtualMachine('two')]);
    await run('label vm one group=a');
    await run('annotate vm one note=text');
    expect(await run('get vm -l group=a -o name')).toBe('virtualmachine.kubevirt.io/one');
    expect(await run('get vm --field-selector metadata.name=two -o name')).toBe('virtualmachine.kubevirt.io/two');
    expect(await run('patch vm one --type=merge -p {"spec":{"runStrategy":"Halted"}}')).toContain('patched');
    expect(await run('replace -f -', virtualMachine('one', { runStrategy: 'Manual' }))).toContain('replaced');
  });

  it('reads large lists in chunks', async () => {
    const many = Array.from({ length: 7 }, (_, at) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `chunk-${at}`, labels: { chunk: 'yes' } },
    }));
    await run('apply -f -', many);
    expect((await run('get cm -l chunk=yes --chunk-size=2 -o name')).split('\n')).toHaveLength(7);
  });

  it('shows usage', async () => {
    const metrics = {
      apiVersion: 'metrics.k8s.io/v1beta1',
      kind: 'PodMetrics',
      metadata: { name: 'used' },
      timestamp: new Date().toISOString(),
      window: '15s',
    };
    await run('apply -f -', pod('used'));
    await run('create -f -', { ...metrics, containers: [{ name: 'main', usage: { cpu: '250m', memory: '300Mi' } }] });
    expect(await run('top pod used --no-headers')).toMatch(/^used +250m +300Mi$/);
  });

  it('creates with commands of its own, which send protobuf', async () => {
    expect(await run('create namespace made')).toBe('namespace/made created');
    await run('create secret generic made --from-literal=key=value');
    expect(await run('get secret made -o jsonpath={.data.key}')).toBe('dmFsdWU=');
    await run('create configmap made --from-literal=key=value');
    await run('create quota made --hard=pods=5 -n made');
    await run('create serviceaccount made');
    expect(await run('auth can-i create pods')).toBe('yes');
    expect(await run('auth whoami')).toContain('tester');
  });

  it('knows the resources and the version of the server', async () => {
    const text = await run('api-resources');
    for (const line of [
      /virtualmachines +vm,vms +kubevirt.io\/v1 +true +VirtualMachine/,
      /datavolumes +dv,dvs +cdi.kubevirt.io\/v1beta1 +true +DataVolume/,
      /persistentvolumeclaims +pvc +v1 +true +PersistentVolumeClaim/,
      /customresourcedefinitions +crd,crds/,
    ]) {
      expect(text).toMatch(line);
    }
    expect(await run('version')).toContain('Server Version: v1.35.4');
    expect(await run('get crd virtualmachines.kubevirt.io -o name')).toContain('virtualmachines.kubevirt.io');
  });

  it('previews and compares without changing anything', async () => {
    await run('apply -f -', virtualMachine('previewed'));
    const change = virtualMachine('previewed', { runStrategy: 'Halted' });
    expect(await run('apply --dry-run=server -f -', change)).toContain('configured (server dry run)');
    expect((await kubectl('diff -f -', change)).output).toContain('+  runStrategy: Halted');
    expect(await run('get vm previewed -o jsonpath={.spec.runStrategy}')).toBe('Always');
  });

  it('without the right token is told to log in', async () => {
    const other = await kubectl('get ns --token=wrong');
    expect([other.code, other.errors]).toEqual([1, expect.stringMatching(/logged in|Unauthorized|credentials/)]);
  });
}
