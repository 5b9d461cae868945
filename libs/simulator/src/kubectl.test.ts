// The simulated cluster as a process, driven by an unmodified kubectl: what a user does first.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';

const run = promisify(execFile);
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Ready {
  kubeconfig: string;
  images: string;
  control: string;
}

/** Starts main.ts and waits for its line. */
async function startProcess(dir: string): Promise<Ready> {
  const kubeconfig = join(dir, 'kubeconfig');
  const flags = ['--dir', join(dir, 'state'), '--kubeconfig', kubeconfig, '--images-port', '0', '--time-scale', '30'];
  const main = join(import.meta.dirname, 'main.ts');
  const child = spawn(process.execPath, ['--conditions=source', main, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  closing.push(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null) await once(child, 'exit');
  });
  for await (const line of createInterface({ input: child.stdout })) return JSON.parse(line) as Ready;
  throw new Error('the process ended without a word');
}

const manifest = (images: string): string => `
apiVersion: cdi.kubevirt.io/v1beta1
kind: DataVolume
metadata:
  name: system
  annotations: { cdi.kubevirt.io/storage.bind.immediate.requested: "" }
spec:
  source: { http: { url: "${images}small.qcow2" } }
  storage: { storageClassName: replicated, resources: { requests: { storage: 1Gi } } }
---
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: { name: web }
spec:
  runStrategy: Always
  instancetype: { name: u1.medium }
  preference: { name: ubuntu }
  template:
    spec:
      domain: { devices: { disks: [{ name: system, disk: {} }], interfaces: [{ name: default, bridge: {} }] } }
      networks: [{ name: default, pod: {} }]
      volumes: [{ name: system, dataVolume: { name: system } }]
`;

test('kubectl applies a disk and a machine, waits for them, looks at them and deletes them', async () => {
  const version = await run('kubectl', ['version', '--client']).catch((error: Error) => error);
  if (version instanceof Error) {
    process.stdout.write(`kubectl is not on the PATH, so it was not tried: ${version.message}\n`);
    return;
  }
  const dir = mkdtempSync(join(tmpdir(), 'kubectl-'));
  closing.push(() => rmSync(dir, { recursive: true }));
  const ready = await startProcess(dir);
  const kubectl = async (...words: string[]): Promise<string> =>
    (await run('kubectl', ['--kubeconfig', ready.kubeconfig, '--cache-dir', join(dir, 'cache'), ...words])).stdout;
  const file = join(dir, 'machine.yaml');
  writeFileSync(file, manifest(ready.images));
  expect(await kubectl('apply', '-f', file)).toContain('virtualmachine.kubevirt.io/web created');
  await kubectl('wait', '--for=jsonpath={.status.printableStatus}=Running', 'vm/web', '--timeout=25s');
  expect(await kubectl('apply', '-f', file)).toContain('virtualmachine.kubevirt.io/web unchanged');
  const shown = await kubectl('get', 'vm,vmi,dv', '-A');
  expect(shown).toMatch(/virtualmachine\.kubevirt\.io\/web +\S+ +Running +True/);
  expect(shown).toMatch(/virtualmachineinstance\.kubevirt\.io\/web +\S+ +Running +10\.244\.\S+ +node\d +True/);
  expect(shown).toMatch(/datavolume\.cdi\.kubevirt\.io\/system +Succeeded +100\.0%/);
  expect(await kubectl('describe', 'vm', 'web')).toContain('Started the virtual machine by creating');
  const stop = '/apis/subresources.kubevirt.io/v1/namespaces/default/virtualmachines/web/stop';
  const body = join(dir, 'empty.json');
  writeFileSync(body, '{}');
  await kubectl('replace', '--raw', stop, '-f', body);
  await kubectl('wait', '--for=delete', 'vmi/web', '--timeout=25s');
  await kubectl('delete', '-f', file, '--timeout=25s');
  expect(await kubectl('get', 'vm,vmi,dv,pvc,pod')).toBe('');
}, 90_000);
