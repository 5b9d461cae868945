import { readFileSync } from 'node:fs';
import { builtinCatalogue, type VmDisk, type VmInstance } from '@compute/domain';
import { describe, expect, it } from 'vitest';
import { type Checked, type CheckSettings, checkManifest } from './check-manifest.ts';
import { expandLists, parseYamlDocuments } from './documents.ts';
import { patched } from './settable.ts';

const settings: CheckSettings = { catalogue: builtinCatalogue, allowPrivateSources: false };
const check = (input: unknown) => checkManifest(input, { project: 'demo' }, settings);

const vm = (spec: object, metadata: object = { name: 'vm' }) => ({
  apiVersion: 'apps.cozystack.io/v1alpha1',
  kind: 'VMInstance',
  metadata,
  spec: { instanceType: 'u1.medium', instanceProfile: 'ubuntu', disks: ['root'], ...spec },
});
const disk = (spec: object, metadata: object = { name: 'disk' }) => ({
  apiVersion: 'apps.cozystack.io/v1alpha1',
  kind: 'VMDisk',
  metadata,
  spec: { storage: '20Gi', ...spec },
});
const found = (checked: Checked<unknown>) =>
  checked.ok ? [] : checked.problems.map(({ pointer, code }) => `${pointer} ${code}`).sort();
const warned = (checked: Checked<unknown>) => checked.warnings.map(({ pointer, code }) => `${pointer} ${code}`).sort();

describe('the specification’s own examples', () => {
  const example = (name: string) => readFileSync(new URL(`./testdata/${name}`, import.meta.url), 'utf8');
  const files: readonly (readonly [string, readonly string[]])[] = [
    ['ubuntu-disk.yaml', ['ubuntu-system-disk']],
    ['data-disk.yaml', ['application-data']],
    ['ubuntu-iso.yaml', ['ubuntu-server-iso']],
    ['production-vm.yaml', ['vm-example']],
    ['production-complete.yaml', ['prod-system', 'prod-data', 'vm-production']],
  ];

  it.each(files)('accepts %s unchanged', (file, names) => {
    const documents = parseYamlDocuments(example(file));
    expect(documents.ok).toBe(true);
    if (!documents.ok) return;
    const checked = documents.documents.map((document) => check(document.value));
    expect(checked.flatMap(found)).toEqual([]);
    expect(checked.map((one) => (one.ok ? one.value.name : ''))).toEqual(names);
  });

  it('accepts all of them as one body', () => {
    const documents = parseYamlDocuments(files.map(([file]) => example(file)).join('\n---\n'));
    expect(documents.ok && documents.documents.flatMap((document) => found(check(document.value)))).toEqual([]);
    expect(documents.ok && documents.documents.length).toBe(7);
  });

  it('keeps what the complete example wrote and adds only defaults', () => {
    const documents = parseYamlDocuments(example('production-vm.yaml'));
    const [document] = documents.ok ? documents.documents : [];
    const checked = check(document?.value);
    expect(checked.ok && checked.value.spec).toEqual((document?.value as { spec: object } | undefined)?.spec);
    expect(warned(checked)).toEqual(['/spec/sshKeys/0 undecodable_ssh_key']);
  });
});

describe('defaults', () => {
  it('adds those of a machine', () => {
    const checked = check({ ...vm({}), spec: { instanceType: 'u1.medium', instanceProfile: 'ubuntu' } });
    expect(checked.ok && checked.value.spec).toEqual({
      external: false,
      externalMethod: 'PortList',
      externalPorts: [],
      running: true,
      instanceType: 'u1.medium',
      instanceProfile: 'ubuntu',
      disks: [],
      sshKeys: [],
      cloudInit: '',
      cloudInitSeed: '',
    });
  });

  it('adds those of a disk', () => {
    const checked = check(disk({}));
    expect(checked.ok && checked.value.spec).toEqual({
      source: {},
      optical: false,
      storage: '20Gi',
      storageClass: 'replicated',
    });
  });

  it('leaves running out beside a run strategy', () => {
    const checked = check(vm({ runStrategy: 'Halted' }));
    expect(checked.ok && checked.value.spec).not.toHaveProperty('running');
  });

  it('counts null as not given', () => {
    const checked = check(vm({ externalPorts: null, cloudInit: null, resources: null }));
    expect(checked.ok && checked.value.spec).toMatchObject({ externalPorts: [], cloudInit: '' });
  });
});

describe('what is refused', () => {
  const cases: readonly (readonly [string, unknown, readonly string[]])[] = [
    ['a missing instance type', vm({ instanceType: undefined }), ['/spec/instanceType required']],
    ['an empty instance type without resources', vm({ instanceType: '' }), ['/spec/instanceType required']],
    ['an unknown instance type', vm({ instanceType: 'u1.huge' }), ['/spec/instanceType unknown_instance_type']],
    ['a missing profile', vm({ instanceProfile: undefined }), ['/spec/instanceProfile required']],
    ['both sizes', vm({ resources: { cpu: '2', memory: '4Gi' } }), ['/spec/resources contradiction']],
    ['running against the strategy', vm({ running: true, runStrategy: 'Halted' }), ['/spec/runStrategy contradiction']],
    ['a stop against the strategy', vm({ running: false, runStrategy: 'Always' }), ['/spec/runStrategy contradiction']],
    ['exposure of no port', vm({ external: true }), ['/spec/externalPorts required']],
    ['a port twice', vm({ external: true, externalPorts: [22, 22] }), ['/spec/externalPorts/1 duplicate']],
    [
      'ports out of range',
      vm({ external: true, externalPorts: [0, 22, 65536] }),
      ['/spec/externalPorts/0 out_of_range', '/spec/externalPorts/2 out_of_range'],
    ],
    ['a port as text', vm({ external: true, externalPorts: ['22'] }), ['/spec/externalPorts/0 invalid_type']],
    ['a key that is none', vm({ sshKeys: ['hello world'] }), ['/spec/sshKeys/0 invalid_ssh_key']],
    ['cloud-init without header', vm({ cloudInit: 'packages: [a]' }), ['/spec/cloudInit missing_header']],
    ['cloud-init that is no YAML', vm({ cloudInit: '#cloud-config\na: [' }), ['/spec/cloudInit invalid_yaml']],
    ['cloud-init that is a list', vm({ cloudInit: '#cloud-config\n- a' }), ['/spec/cloudInit invalid_yaml']],
    ['an unknown field', vm({ runing: true }), ['/spec/runing unknown_field']],
    [
      'an unknown field of a disk entry',
      vm({ disks: [{ name: 'a', buss: 'sata' }] }),
      ['/spec/disks/0/buss unknown_field'],
    ],
    ['an unknown bus', vm({ disks: [{ name: 'a', bus: 'ide' }] }), ['/spec/disks/0/bus invalid_value']],
    ['a disk twice', vm({ disks: ['a', { name: 'a' }] }), ['/spec/disks/1/name duplicate']],
    ['a number as a disk', vm({ disks: [7] }), ['/spec/disks/0 invalid_type']],
    ['a name that is too long', vm({}, { name: 'a'.repeat(42) }), ['/metadata/name too_long']],
    ['a name that is no label', vm({}, { name: '1st' }), ['/metadata/name invalid_name']],
    ['no name', vm({}, {}), ['/metadata/name required']],
    ['a foreign namespace', vm({}, { name: 'a', namespace: 'other' }), ['/metadata/namespace invalid_value']],
    ['a label that is none', vm({}, { name: 'a', labels: { 'a b': 'c' } }), ['/metadata/labels/a b invalid_label']],
    ['a disk without size', disk({ storage: undefined }), ['/spec/storage required']],
    ['a size that is none', disk({ storage: '20Gb' }), ['/spec/storage invalid_quantity']],
    ['an unknown class', disk({ storageClass: 'fast' }), ['/spec/storageClass unknown_storage_class']],
    [
      'two sources',
      disk({ source: { http: { url: 'https://a.example/b' }, disk: { name: 'c' } } }),
      ['/spec/source contradiction'],
    ],
    ['an unknown source', disk({ source: { ftp: {} } }), ['/spec/source/ftp unknown_field']],
    ...['http:e.com/x', 'http:///e.com/x', 'https://e.com\\@10.0.0.1/x', 'https:/e.com/x'].map(
      (url): [string, unknown, string[]] => [
        `a URL that programs read differently, ${url}`,
        disk({ source: { http: { url } } }),
        ['/spec/source/http/url invalid_url'],
      ],
    ),
    ['a copy of itself', disk({ source: { disk: { name: 'disk' } } }), ['/spec/source/disk/name contradiction']],
    ['a NUL', vm({ cloudInitSeed: 'a\0b' }), ['/spec/cloudInitSeed invalid_text']],
    ['half a pair', vm({ cloudInit: '#cloud-config\nhostname: \ud800' }), ['/spec/cloudInit invalid_text']],
    ['a file URL', disk({ source: { http: { url: 'file:///etc/passwd' } } }), ['/spec/source/http/url invalid_url']],
    [
      'a URL with a line break',
      disk({ source: { http: { url: 'http://example.com/a\nb' } } }),
      ['/spec/source/http/url invalid_url'],
    ],
    ['a wrong kind', { ...vm({}), kind: 'Pod' }, ['/kind unknown_kind']],
    ['a wrong version', { ...vm({}), apiVersion: 'v1' }, ['/apiVersion invalid_value']],
    ['no version', { ...vm({}), apiVersion: undefined }, ['/apiVersion required']],
    ['no spec', { ...vm({}), spec: undefined }, ['/spec required']],
    ['a list', [], [' invalid_type']],
  ];

  it.each(cases)('refuses %s', (_what, input, expected) => {
    expect(found(check(input))).toEqual(expected);
  });

  it('names every fault at once, those of rules beside those of shape', () => {
    const input = vm(
      {
        external: 'yes',
        externalPorts: [70000],
        instanceType: 'nope',
        sshKeys: ['x'],
        running: true,
        runStrategy: 'Halted',
        bogus: 1,
      },
      { name: 'UPPER', labels: { a: 1 } },
    );
    expect(found(check(input))).toEqual([
      '/metadata/labels/a invalid_type',
      '/metadata/name invalid_name',
      '/spec/bogus unknown_field',
      '/spec/external invalid_type',
      '/spec/externalPorts/0 out_of_range',
      '/spec/instanceType unknown_instance_type',
      '/spec/runStrategy contradiction',
      '/spec/sshKeys/0 invalid_ssh_key',
    ]);
  });

  it('does not blame a size for being missing when the other one is broken', () => {
    const broken = vm({ instanceType: '', resources: { cpu: [4], memory: '8Gi' } });
    expect(found(check(broken))).toEqual(['/spec/resources/cpu invalid_type']);
  });

  it('suggests the field that a misspelt one resembles', () => {
    const checked = check(vm({ externalPort: [22] }));
    expect(!checked.ok && checked.problems[0]?.message).toContain("'externalPorts'");
  });

  it('repeats no text of cloud-init or of a source', () => {
    const checked = [
      check(vm({ cloudInit: 'password: hunter2: [' })),
      check(disk({ source: { http: { url: 'https://u:hunter2@a.example/' } } })),
    ];
    expect(checked.every((one) => !one.ok)).toBe(true);
    expect(JSON.stringify(checked)).not.toContain('hunter2');
  });
});

describe('what is accepted with a warning', () => {
  const cases: readonly (readonly [string, unknown, readonly string[]])[] = [
    [
      'WholeIP',
      vm({ external: true, externalMethod: 'WholeIP', externalPorts: [22] }),
      ['/spec/externalMethod whole_ip_exposed'],
    ],
    ['ports without exposure', vm({ externalPorts: [22] }), ['/spec/externalPorts not_exposed']],
    ['an abbreviated key', vm({ sshKeys: ['ssh-rsa AAAAB3Nza...'] }), ['/spec/sshKeys/0 undecodable_ssh_key']],
    [
      'an unknown key of cloud-init',
      vm({ cloudInit: '#cloud-config\nfoo: 1' }),
      ['/spec/cloudInit unknown_cloud_init_key'],
    ],
  ];

  it.each(cases)('warns of %s', (_what, input, expected) => {
    const checked = check(input);
    expect(found(checked)).toEqual([]);
    expect(warned(checked)).toEqual(expected);
  });

  it('accepts explicit resources, disks in both forms, and agreeing power fields', () => {
    const spec = {
      instanceType: '',
      resources: { cpu: 2, sockets: '1', memory: '4Gi' },
      disks: ['a', { name: 'b', bus: 'sata' }],
      running: false,
      runStrategy: 'Halted',
    };
    const checked = check(vm(spec));
    expect(found(checked)).toEqual([]);
    expect(checked.ok && checked.value.spec).toMatchObject(spec);
  });
});

describe('sources', () => {
  const refusedHosts = [
    'localhost',
    'x.localhost',
    '127.0.0.1',
    '127.1',
    '0x7f.0.0.1',
    '2130706433',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '[::1]',
    '[::]',
    '[fe80::1]',
    '[fd00::1]',
    '[::ffff:10.0.0.1]',
    '[64:ff9b::a00:1]',
    '[::ffff:0:10.0.0.1]',
    '[2002:7f00:1::]',
    'LOCALHOST.',
    'metadata',
    'metadata.google.internal',
    'kubernetes.default.svc',
    'images.other.svc.cluster.local',
    'nas.home.arpa',
    '224.0.0.1',
  ];
  it.each(refusedHosts)('refuses an image from %s', (host) => {
    const input = disk({ source: { http: { url: `http://${host}/image` } } });
    expect(found(check(input))).toEqual(['/spec/source/http/url forbidden_address']);
  });

  it('allows them where the operator does', () => {
    const input = disk({ source: { http: { url: 'http://127.0.0.1:8080/image' } } });
    expect(checkManifest(input, { project: 'demo' }, { ...settings, allowPrivateSources: true }).ok).toBe(true);
  });

  it.each(['example.com', '93.184.216.34', '[2606:4700::1111]'])('accepts an image from %s', (host) => {
    expect(found(check(disk({ source: { http: { url: `https://${host}/image` } } })))).toEqual([]);
  });
});

describe('edits', () => {
  const before = {
    ...{
      kind: 'VMDisk',
      name: 'disk',
      uid: 'u',
      project: 'demo',
      labels: {},
      annotations: {},
      generation: 1,
      specVersion: 1,
    },
    ...{
      statusVersion: 1,
      resourceVersion: '1',
      createdAt: new Date(0),
      phase: 'Ready',
      phaseSince: new Date(0),
      claim: {},
    },
    spec: { source: {}, optical: false, storage: '20Gi', storageClass: 'replicated' },
    status: { conditions: [], observedGeneration: 1, attachedTo: [] },
  } as VmDisk;
  const edit = (spec: object) =>
    checkManifest(disk(spec), { project: 'demo', kind: 'VMDisk', name: 'disk', before }, settings);

  it('refuses what cannot change, all at once, beside what is wrong in itself', () => {
    const checked = edit({
      storage: '10Gi',
      storageClass: 'local',
      optical: true,
      source: { disk: { name: 'x' } },
      bogus: 1,
    });
    expect(found(checked)).toEqual([
      '/spec/bogus unknown_field',
      '/spec/optical immutable',
      '/spec/source immutable',
      '/spec/storage shrink',
      '/spec/storageClass immutable',
    ]);
  });

  it('lets a disk grow', () => {
    expect(found(edit({ storage: '30Gi' }))).toEqual([]);
  });

  it('replaces a power field by the other one when that is patched', () => {
    const vm = { ...before, kind: 'VMInstance', spec: { running: true } } as unknown as VmInstance;
    expect(patched(vm, { spec: { runStrategy: 'Halted' } }).spec).toEqual({ runStrategy: 'Halted' });
    expect(patched(vm, { spec: { running: false } }).spec).toEqual({ running: false });
  });

  it('unsets with null', () => {
    const labelled = { ...before, labels: { a: '1', b: '2' } };
    expect(patched(labelled, { metadata: { labels: { a: null, c: '3' } } }).metadata).toMatchObject({
      labels: { b: '2', c: '3' },
    });
  });
});

describe('any input at all', () => {
  it('is judged without throwing, and a refusal names its reason', () => {
    const random = seededRandom(20261122);
    const fields = [
      'external',
      'externalMethod',
      'externalPorts',
      'running',
      'runStrategy',
      'instanceType',
      'instanceProfile',
      'disks',
      'resources',
      'sshKeys',
      'cloudInit',
      'cloudInitSeed',
      'source',
      'optical',
      'storage',
      'storageClass',
      'x/~',
      '__proto__',
    ];
    for (let round = 0; round < 3000; round += 1) {
      const spec = Object.fromEntries(fields.filter(() => random() < 0.4).map((field) => [field, anything(random, 0)]));
      const kind = random() < 0.5 ? 'VMInstance' : 'VMDisk';
      const metadata =
        random() < 0.8 ? { name: anything(random, 2), labels: anything(random, 1) } : anything(random, 0);
      const checked = check({ apiVersion: 'apps.cozystack.io/v1alpha1', kind, metadata, spec });
      if (!checked.ok) expect(checked.problems.length).toBeGreaterThan(0);
    }
  });
});

function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const LEAVES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  22,
  1.5,
  1e308,
  '',
  'a',
  'u1.medium',
  'ubuntu',
  '20Gi',
  '#cloud-config\n',
  '#cloud-config\n{[',
  '\u0000',
  '💥',
  'ssh-rsa AAAA',
  'https://example.com/x',
  'http://[::1',
  'x'.repeat(500),
  [],
  {},
  undefined,
];

function anything(random: () => number, depth: number): unknown {
  const choice = random();
  if (depth > 3 || choice < 0.6) return LEAVES[Math.floor(random() * LEAVES.length)];
  if (choice < 0.8) return Array.from({ length: Math.floor(random() * 4) }, () => anything(random, depth + 1));
  const keys = ['http', 'url', 'name', 'bus', 'cpu', 'memory', 'image', 'disk', 'zzz'];
  return Object.fromEntries(keys.filter(() => random() < 0.3).map((key) => [key, anything(random, depth + 1)]));
}

it('reads a list as kubectl does', () => {
  const text = `kind: List\napiVersion: v1\nitems:\n  - ${JSON.stringify(disk({}))}\n  - ${JSON.stringify(vm({}))}`;
  const documents = expandLists(parseYamlDocuments(text));
  expect(documents.ok && documents.documents.map((one) => (one.value as { kind: string }).kind)).toEqual([
    'VMDisk',
    'VMInstance',
  ]);
  expect(documents.ok && documents.documents[1]?.lineOf('/spec/disks')).toBe(5);
});

describe('a type that is no longer offered', () => {
  const catalogue = {
    ...builtinCatalogue,
    instanceTypes: builtinCatalogue.instanceTypes.map((type) => ({ ...type, available: type.name !== 'u1.medium' })),
  };
  const manifest = (instanceType: string) => ({
    ...{ apiVersion: 'apps.cozystack.io/v1alpha1', kind: 'VMInstance', metadata: { name: 'kept' } },
    spec: { instanceType, instanceProfile: 'ubuntu', running: false },
  });
  const before = { spec: manifest('u1.medium').spec } as unknown as VmInstance;
  const judge = (instanceType: string, expected: object) =>
    checkManifest(manifest(instanceType), { project: 'demo', ...expected }, { catalogue, allowPrivateSources: false });

  it('is refused for a new machine and kept by one that has it', () => {
    expect(judge('u1.medium', {})).toMatchObject({ ok: false, problems: [{ code: 'unavailable' }] });
    expect(judge('u1.medium', { kind: 'VMInstance', name: 'kept', before })).toMatchObject({ ok: true });
  });
});
