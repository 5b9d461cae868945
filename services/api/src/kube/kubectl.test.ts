/** The real kubectl, unmodified, against the API on a real database. */
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KubectlStage, kubectlPrograms, missingKubectl, openKubectlStage } from '../fixtures/kubectl.ts';
import { exampleFile } from '../fixtures/open-test-api.ts';
import { removeFully, report } from '../fixtures/worker-reports.ts';

if (missingKubectl === undefined) describe.each(kubectlPrograms())('%s', withKubectl);
else {
  it('is not here, so nothing is known about it', () => {
    process.stdout.write(`The kubectl stories did not run: ${missingKubectl}\n`);
    expect(missingKubectl).toContain('kubectl');
  });
}

const disk = (name: string, storage = '10Gi', labels = '{}'): string =>
  `apiVersion: apps.cozystack.io/v1alpha1
kind: VMDisk
metadata: { name: ${name}, labels: ${labels} }
spec: { source: {}, storage: ${storage}, storageClass: replicated }
`;

const machine = (name: string, more = ''): string =>
  `apiVersion: apps.cozystack.io/v1alpha1
kind: VMInstance
metadata: { name: ${name} }
spec:
  instanceType: u1.medium
  instanceProfile: ubuntu
${more}`;

function withKubectl(program: string): void {
  let stage: KubectlStage;
  beforeAll(async () => {
    stage = await openKubectlStage({}, program);
  }, 60_000);
  afterAll(() => stage.close());

  const applied = (file: string, ...flags: string[]) => stage.run(['apply', ...flags, '-f', '-'], { input: file });
  const refused = async (args: string[], input = ''): Promise<string> => {
    const { code, errors } = await stage.kubectl(args, { input });
    expect(code, `kubectl ${args.join(' ')} succeeded`).toBe(1);
    return errors.trim();
  };
  const watchersAre = async (count: number): Promise<void> => {
    for (;;) {
      const { text } = await stage.it.send('GET', '/metrics');
      if (new RegExp(`watchers\\{[^}]*face="kube"[^}]*\\} ${count}\\n`).test(text)) return;
    }
  };
  const field = (kind: string, name: string, path: string) =>
    stage.run(['get', kind, name, '-o', `jsonpath={${path}}`]);

  it('applies a list of objects as its items', async () => {
    const item = { apiVersion: 'apps.cozystack.io/v1alpha1', kind: 'VMDisk', spec: { storage: '1Gi' } };
    const items = ['one', 'two'].map((name) => ({ ...item, metadata: { name: `listed-${name}` } }));
    const file = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    expect((await applied(file)).split('\n')).toEqual([
      'vmdisk.apps.cozystack.io/listed-one created',
      'vmdisk.apps.cozystack.io/listed-two created',
    ]);
    await stage.run(['delete', '--wait=false', '-f', '-'], { input: file });
  });

  it('applies the specification’s example, and says unchanged the second time', async () => {
    const file = exampleFile('production-complete.yaml');
    expect((await applied(file)).split('\n')).toEqual([
      'vmdisk.apps.cozystack.io/prod-system created',
      'vmdisk.apps.cozystack.io/prod-data created',
      'vminstance.apps.cozystack.io/vm-production created',
    ]);
    expect((await applied(file)).match(/unchanged/g)).toHaveLength(3);
    await report(stage.it.store, 'VMInstance', 'vm-production', 'Provisioning', false);
    expect((await applied(file)).match(/unchanged/g)).toHaveLength(3);
    expect(await applied(file.replace('running: true', 'running: false'))).toContain('vm-production configured');
    expect(await field('vminstance', 'vm-production', '.spec.running')).toBe('false');
  });

  it('passes warnings on', async () => {
    const { errors } = await stage.kubectl(['apply', '-f', '-'], { input: machine('warned', '  disks: [nowhere]') });
    expect(errors).toContain("Warning: spec.disks[0]: Disk 'nowhere' does not exist yet");
  });

  it('applies on the server: twice is unchanged, another manager conflicts, force takes over', async () => {
    const server = (...flags: string[]) => ['apply', '--server-side', ...flags, '-f', '-'];
    const owned = disk('owned');
    expect(await stage.run(server(), { input: owned })).toBe('vmdisk.apps.cozystack.io/owned serverside-applied');
    const before = await field('vmdisk', 'owned', '.metadata.resourceVersion');
    await stage.run(server(), { input: owned });
    expect(await field('vmdisk', 'owned', '.metadata.resourceVersion')).toBe(before);
    const grown = disk('owned', '20Gi');
    const rehearsed = await stage.run(server('--dry-run=server'), { input: disk('owned', '10Gi', '{ a: b }') });
    expect(rehearsed).toBe('vmdisk.apps.cozystack.io/owned serverside-applied (server dry run)');
    expect(await field('vmdisk', 'owned', '.metadata.labels')).toBe('');
    const conflict = await refused(server('--field-manager=other'), grown);
    expect(conflict).toContain('conflict with "kubectl": .spec.storage');
    await stage.run(server('--field-manager=other', '--force-conflicts'), { input: grown });
    expect(await field('vmdisk', 'owned', '.spec.storage')).toBe('20Gi');
    const owners = await stage.run([
      'get',
      'vmdisk',
      'owned',
      '--show-managed-fields',
      '-o',
      'jsonpath={.metadata.managedFields[*].manager}',
    ]);
    expect(owners.split(' ').sort()).toEqual(['kubectl', 'other']);
  });

  it('prints columns, also as YAML and without an object’s owners', async () => {
    await applied(disk('shown'));
    await applied(machine('shown', '  disks: [shown]'));
    await report(stage.it.store, 'VMDisk', 'shown', 'Ready', true);
    await report(stage.it.store, 'VMInstance', 'shown', 'Running', true);
    const rows = async (...args: string[]) =>
      (await stage.run(['get', ...args])).split('\n').map((line) => line.trim().split(/\s{2,}|\s+(?=\S)/));
    const age = expect.stringMatching(/^\d+s$/);
    expect(await rows('vminst', 'shown')).toEqual([
      ['NAME', 'STATUS', 'TYPE', 'IP', 'READY', 'AGE'],
      ['shown', 'Running', 'u1.medium', '<none>', 'True', age],
    ]);
    expect(await rows('vmd', 'shown')).toEqual([
      ['NAME', 'STATUS', 'PROGRESS', 'SIZE', 'CLASS', 'ATTACHED', 'AGE'],
      ['shown', 'Ready', '100%', '10Gi', 'replicated', '<none>', age],
    ]);
    expect((await rows('vminst', 'shown', '-o', 'wide'))[1]).toEqual(expect.arrayContaining(['ubuntu', 'shown']));
    expect((await rows('vmdisks', 'shown', '-o', 'wide'))[0]?.slice(-2)).toEqual(['SOURCE', 'MESSAGE']);
    const yaml = await stage.run(['get', 'vminst', 'shown', '-o', 'yaml']);
    expect(yaml).toContain('instanceProfile: ubuntu');
    expect(yaml).not.toContain('managedFields');
    expect(await stage.run(['get', 'all', '-o', 'name'])).toContain('vminstance.apps.cozystack.io/shown');
  });

  it('watches from the list on', async () => {
    const watch = stage.follow(['get', 'vmdisks', '-l', 'tier=watched', '-w', '-o', 'name']);
    await applied(disk('other-tier'));
    await applied(disk('watched', '10Gi', '{ tier: watched }'));
    expect(await watch.line()).toBe('vmdisk.apps.cozystack.io/watched');
    await report(stage.it.store, 'VMDisk', 'other-tier', 'Ready', true);
    await report(stage.it.store, 'VMDisk', 'watched', 'Ready', true);
    expect(await watch.line()).toBe('vmdisk.apps.cozystack.io/watched');
    await watch.stop();
  });

  it('shows with diff and dry run what would be, and stores nothing', async () => {
    await applied(machine('dry'));
    const changed = machine('dry', '  running: false');
    const { code, output } = await stage.kubectl(['diff', '-f', '-'], { input: changed });
    expect([code, output]).toEqual([1, expect.stringMatching(/-\s+running: true\n\+\s+running: false/)]);
    expect((await stage.kubectl(['diff', '-f', '-'], { input: machine('dry') })).output).toBe('');
    expect(await applied(changed, '--dry-run=server')).toBe(
      'vminstance.apps.cozystack.io/dry configured (server dry run)',
    );
    expect(await applied(disk('never'), '--dry-run=server')).toContain('created (server dry run)');
    expect(await field('vminstance', 'dry', '.spec.running')).toBe('true');
    expect(await refused(['get', 'vmdisk', 'never'])).toContain('(NotFound)');
  });

  it('edits with an editor, on what was there before a worker’s report', async () => {
    await applied(disk('edited'));
    const editor = join(stage.folder, 'editor');
    await writeFile(editor, '#!/bin/sh\nsed -i "s/storage: 10Gi/storage: 30Gi/" "$1"\n');
    await chmod(editor, 0o700);
    expect(await stage.run(['edit', 'vmdisk', 'edited'], { env: { KUBE_EDITOR: editor } })).toContain('edited');
    expect(await field('vmdisk', 'edited', '.spec.storage')).toBe('30Gi');
  });

  it('replaces what a worker reported on meanwhile, and refuses what somebody changed', async () => {
    await applied(disk('replaced'));
    const read = await stage.run(['get', 'vmdisk', 'replaced', '-o', 'json']);
    await report(stage.it.store, 'VMDisk', 'replaced', 'Importing', false);
    await stage.run(['replace', '-f', '-'], { input: read.replace('"storage": "10Gi"', '"storage": "20Gi"') });
    expect(await field('vmdisk', 'replaced', '.spec.storage')).toBe('20Gi');
    expect(await field('vmdisk', 'replaced', '.status.phase')).toBe('Importing');
    const stale = await refused(['replace', '-f', '-'], read.replace('"storage": "10Gi"', '"storage": "40Gi"'));
    expect(stale).toContain('the object has been modified');
  });

  it('patches, labels, annotates and selects', async () => {
    await applied(machine('patched'));
    await stage.run(['patch', 'vminst', 'patched', '--type=merge', '-p', '{"spec":{"running":false}}']);
    await stage.run([
      'patch',
      'vminst',
      'patched',
      '--type=json',
      '-p',
      '[{"op":"add","path":"/spec/sshKeys","value":[]}]',
    ]);
    expect(await stage.run(['label', 'vminst', 'patched', 'tier=web'])).toContain('labeled');
    await stage.run(['annotate', 'vminst', 'patched', 'note=hello']);
    expect(await stage.run(['get', 'vminst', '-l', 'tier in (web)', '-o', 'name'])).toContain('/patched');
    expect(await stage.run(['get', 'vminst', '-l', 'tier=db', '-o', 'name'])).toBe('');
    expect(
      await stage.run([
        'get',
        'vminst',
        '--field-selector',
        'metadata.name=patched,status.phase=Pending',
        '-o',
        'name',
      ]),
    ).toContain('/patched');
    expect(await field('vminst', 'patched', '.spec.running')).toBe('false');
  });

  it('reads long lists in chunks', async () => {
    await applied(
      ['a', 'b', 'c', 'd', 'e'].map((name) => disk(`chunk-${name}`, '1Gi', '{ set: chunks }')).join('---\n'),
    );
    const listed = await stage.run(['get', 'vmdisks', '-l', 'set=chunks', '--chunk-size=2', '-o', 'name']);
    expect(listed.split('\n')).toHaveLength(5);
  });

  it('describes with events drawn from history', async () => {
    await applied(disk('described'));
    await report(stage.it.store, 'VMDisk', 'described', 'Failed', false);
    const text = await stage.run(['describe', 'vmdisk', 'described']);
    expect(text).toMatch(/Normal\s+Created\s+\S+\s+user:key:\S+\s+Phase Pending: Accepted\./);
    expect(text).toMatch(/Warning\s+Seen\s+\S+\s+system:worker\s+Phase Pending to Failed: As seen\./);
    expect(await stage.run(['get', 'events', '--field-selector', 'involvedObject.name=described'])).toContain(
      'vmdisk/described',
    );
  });

  it('explains fields and knows its resources', async () => {
    const explained = await stage.run(['explain', 'vminstance.spec']);
    expect(explained).toMatch(/instanceProfile\s+<string> -required-/);
    expect(explained).toContain('Operating system profile');
    expect(await stage.run(['explain', 'vmdisk.status.import'])).toContain('estimatedCompletionTime');
    const resources = await stage.run(['api-resources', '--api-group=apps.cozystack.io']);
    expect(resources).toMatch(/vmdisks\s+vmd\s+apps\.cozystack\.io\/v1alpha1\s+true\s+VMDisk/);
    expect(resources).toMatch(/vminstances\s+vminst\s+apps\.cozystack\.io\/v1alpha1\s+true\s+VMInstance/);
  });

  it('waits until a machine runs, and not longer', async () => {
    await applied(machine('awaited'));
    const waiting = stage.run(['wait', 'vminst/awaited', '--for=condition=Ready', '--timeout=20s']);
    await watchersAre(1);
    await report(stage.it.store, 'VMInstance', 'awaited', 'Provisioning', false);
    await report(stage.it.store, 'VMInstance', 'awaited', 'Running', true);
    expect(await waiting).toBe('vminstance.apps.cozystack.io/awaited condition met');
    await report(stage.it.store, 'VMInstance', 'awaited', 'Stopped', false);
    expect(await refused(['wait', 'vminst/awaited', '--for=condition=Ready', '--timeout=1s'])).toContain('timed out');
  });

  it('deletes, and waits until it is really gone', async () => {
    await applied(disk('deleted'));
    expect(await stage.run(['delete', 'vmdisk', 'deleted', '--wait=false'])).toContain('deleted');
    expect(await field('vmdisk', 'deleted', '.metadata.finalizers[0]')).toBe('compute.cozystack.io/cleanup');
    expect(await field('vmdisk', 'deleted', '.status.phase')).toBe('Deleting');
    const gone = stage.run(['wait', 'vmdisk/deleted', '--for=delete', '--timeout=20s']);
    const again = stage.run(['delete', 'vmdisk', 'deleted']);
    await watchersAre(2);
    await removeFully(stage.it.store, 'VMDisk', 'deleted');
    expect(await gone).toContain('condition met');
    expect(await again).toContain('deleted');
    expect(await refused(['get', 'vmdisk', 'deleted'])).toContain('(NotFound)');
  });

  it('names every field that is wrong, and refuses unknown ones', async () => {
    const wrong = disk('wrong', 'much').replace('storageClass: replicated', 'storageClass: gold');
    const invalid = await refused(['apply', '-f', '-'], wrong);
    expect(invalid).toContain('spec.storage: Invalid value:');
    expect(invalid).toContain('spec.storageClass: Invalid value:');
    const unknown = await refused(['apply', '-f', '-'], disk('wrong').replace('storage:', 'storge:'));
    expect(unknown).toContain("spec.storge: Forbidden: There is no field 'storge' here");
    const shrunk = await refused(['patch', 'vmdisk', 'shown', '--type=merge', '-p', '{"spec":{"storage":"1Gi"}}']);
    expect(shrunk).toContain('spec.storage: Forbidden:');
  });

  it('refuses with numbers what the quota does not allow', async () => {
    await stage.it.store.quota.setLimits('demo', { 'series:S/vcpus': 1 });
    const big = machine('big').replace('u1.medium', 's1.xlarge');
    expect(await refused(['apply', '-f', '-'], big)).toMatch(/\(Forbidden\).*has a limit of 1 vCPU/);
  });

  it('names the machine that has a disk', async () => {
    expect(await refused(['delete', 'vmdisk', 'shown'])).toMatch(/Conflict.*shown/);
  });

  it('lets nobody in without a key, and nobody into another project', async () => {
    const wrong = await stage.kubectl(['get', 'vmdisks'], { key: 'vmk_unknown_key' });
    expect([wrong.code, wrong.errors]).toEqual([1, expect.stringMatching(/logged in|Unauthorized/)]);
    await stage.it.store.createProject('neighbour');
    expect(await refused(['get', 'vmdisks', '-n', 'neighbour'])).toContain('namespaces "neighbour" not found');
    expect(await refused(['apply', '-n', 'neighbour', '-f', '-'], disk('intruder'))).toContain('not found');
    expect(await refused(['get', 'namespace', 'neighbour'])).toContain('not found');
    expect(await stage.run(['get', 'namespaces', '-o', 'name'])).toBe('namespace/demo');
    expect(await stage.run(['get', 'vmdisks', '-A', '-o', 'name'])).toContain('/shown');
    const key = await stage.it.newKey(['read'], 'demo');
    const reader = await stage.kubectl(['label', 'vmdisk', 'shown', 'a=b'], { key });
    expect([reader.code, reader.errors]).toEqual([1, expect.stringContaining('(Forbidden)')]);
  });

  it('shows every project to who administers all of them', async () => {
    const key = stage.it.adminKey;
    await stage.run(['apply', '-n', 'neighbour', '-f', '-'], { key, input: disk('neighbours') });
    const names = await stage.run(['get', 'vmdisks', '-A', '--chunk-size=3', '--no-headers'], { key });
    expect(names).toMatch(/^demo\s+shown/m);
    expect(names).toMatch(/^neighbour\s+neighbours/m);
  });
}
