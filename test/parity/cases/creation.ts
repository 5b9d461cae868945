/** Creating: defaults, every kind of mistake, and the traps of the specification. */
import type { Kind } from '@compute/domain';
import type { Expected, ParityCase } from '../case.ts';
import type { FaceName, Json } from '../requests.ts';
import { applied, disk, machine, without } from './manifests.ts';

const TYPED = 'a message has no place for a value of another type';
const CLOSED = 'a message has no fields but its own';
const ENUM = 'a client cannot write a number that has no name';

function creation(
  title: string,
  manifest: Json,
  expected: Expected,
  more: Partial<ParityCase> = {},
  cannot?: Partial<Record<FaceName, string>>,
): ParityCase {
  const kind = manifest.kind as Kind;
  return { title, turns: [[{ ask: 'create', kind, manifest }, expected]], ...more, ...(cannot ? { cannot } : {}) };
}

const refusedAt = (...fields: string[]): Expected => ({ refused: 'InvalidArgument', fields });

const sound: readonly ParityCase[] = [
  creation(
    'a disk with what must be given gets the defaults',
    disk('least'),
    {
      object: {
        kind: 'VMDisk',
        metadata: { name: 'least', labels: {}, annotations: {}, generation: 1 },
        spec: { source: {}, optical: false, storage: '10Gi', storageClass: 'replicated' },
        status: { phase: 'Pending', attachedTo: [] },
      },
    },
    { throughKubectl: true },
  ),
  creation(
    'a machine with what must be given gets the defaults, and a word about having no disk',
    without(machine('least'), 'running'),
    {
      warned: ['/spec/disks'],
      object: {
        spec: {
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
        },
        status: { phase: 'Pending', instanceType: { name: 'u1.medium', series: 'U', vcpu: 1, memoryGib: 4 } },
      },
    },
    { throughKubectl: true },
  ),
  creation(
    'every field is kept as it is written',
    machine(
      'whole',
      {
        ...{ external: true, externalMethod: 'PortList', externalPorts: [22, 443], running: false },
        ...{ instanceType: 's1.large', instanceProfile: 'ubuntu', cloudInit: '#cloud-config\npackages: [git]\n' },
        ...{ cloudInitSeed: 'one', sshKeys: [], disks: ['system', { name: 'data', bus: 'sata' }] },
      },
      { labels: { app: 'web', 'example.org/tier': 'front' }, annotations: { 'example.org/note': 'Größe: 10 €' } },
    ),
    {
      object: {
        metadata: {
          labels: { app: 'web', 'example.org/tier': 'front' },
          annotations: { 'example.org/note': 'Größe: 10 €' },
        },
        spec: { externalPorts: [22, 443], disks: ['system', { name: 'data', bus: 'sata' }], cloudInitSeed: 'one' },
      },
    },
    { given: [applied(disk('system'), disk('data'))] },
  ),
  creation(
    'a disk from an image names it',
    disk('imaged', { source: { image: { name: 'ubuntu-2404' } }, storage: '20Gi' }),
    { object: { spec: { source: { image: { name: 'ubuntu-2404' } } } } },
  ),
  creation(
    'a clone names its origin',
    disk('cloned', { source: { disk: { name: 'origin' } } }),
    {
      object: { spec: { source: { disk: { name: 'origin' } } } },
    },
    { given: [applied(disk('origin'))] },
  ),
  creation(
    'an import names its file and what it must be',
    disk('imported', {
      source: { http: { url: 'http://93.184.216.34/image.qcow2', checksum: `sha256:${'a'.repeat(64)}` } },
    }),
    { object: { spec: { source: { http: { checksum: `sha256:${'a'.repeat(64)}` } } } } },
  ),
];

const mistakes: readonly ParityCase[] = [
  creation(
    'an empty spec lacks everything that has no default',
    { kind: 'VMInstance', metadata: { name: 'empty' }, spec: {} },
    refusedAt('/spec/instanceProfile', '/spec/instanceType'),
  ),
  creation('a manifest without a spec', { kind: 'VMDisk', metadata: { name: 'bare' } }, refusedAt('/spec')),
  creation('without a name', { ...disk('x'), metadata: {} }, refusedAt('/metadata/name')),
  creation(
    'every mistake at once',
    machine(
      'Wrong_Name',
      {
        external: true,
        externalPorts: [22, 22, 70_000],
        instanceType: 'u9.none',
        instanceProfile: 'amiga',
        disks: ['twice', 'twice', 'No'],
        cloudInit: 'no header',
        sshKeys: ['garbage'],
      },
      { labels: { 'bad key': 'x' } },
    ),
    refusedAt(
      '/metadata/name',
      '/metadata/labels/bad key',
      '/spec/externalPorts/2',
      '/spec/instanceType',
      '/spec/instanceProfile',
      '/spec/disks/1',
      '/spec/disks/2',
      '/spec/cloudInit',
      '/spec/sshKeys/0',
    ),
    { throughKubectl: true },
  ),
  creation(
    'wrong types, each named',
    disk('typed', { storage: 10, optical: 'yes', source: [] }),
    refusedAt('/spec/storage', '/spec/optical', '/spec/source'),
    {},
    { gRPC: TYPED },
  ),
  creation(
    'numbers that are no ports',
    machine('ports', { externalPorts: [-1, 0, 1.5, 1e21] }),
    refusedAt('/spec/externalPorts/0', '/spec/externalPorts/1', '/spec/externalPorts/2', '/spec/externalPorts/3'),
    {},
    { gRPC: TYPED },
  ),
  creation(
    'a negative port and one beyond the last',
    machine('ports', { externalPorts: [-1, 65_536] }),
    refusedAt('/spec/externalPorts/0', '/spec/externalPorts/1'),
  ),
  creation(
    'unknown fields',
    disk('unknown', { colour: 'red', storge: '1Gi' }),
    { refused: 'UnknownField', fields: ['/spec/colour', '/spec/storge'] },
    { throughKubectl: true },
    { gRPC: CLOSED },
  ),
  creation(
    'unknown fields beside other mistakes',
    disk('unknown', { colour: 'red', storage: 'much' }),
    refusedAt('/spec/colour', '/spec/storage'),
    {},
    { gRPC: CLOSED },
  ),
  creation(
    'a word that is not one of the method’s',
    machine('method', { externalMethod: 'Whole' }),
    refusedAt('/spec/externalMethod'),
    {},
    { gRPC: ENUM },
  ),
  creation(
    'a quantity that is none, of a class that is none',
    disk('quantity', { storage: 'much', storageClass: 'gold' }),
    refusedAt('/spec/storage', '/spec/storageClass'),
  ),
  creation(
    'two sources at once',
    disk('sources', { source: { image: { name: 'ubuntu-2404' }, disk: { name: 'x' } } }),
    refusedAt('/spec/source'),
    {},
    { gRPC: 'a message holds one source' },
  ),
  creation(
    'an image that is none',
    disk('image', { source: { image: { name: 'beos' } } }),
    refusedAt('/spec/source/image/name'),
  ),
  creation(
    'a URL into the operator’s network',
    disk('inside', { source: { http: { url: 'http://169.254.169.254/latest' } } }),
    refusedAt('/spec/source/http/url'),
    { throughKubectl: true },
  ),
  creation(
    'a URL of another scheme',
    disk('scheme', { source: { http: { url: 'ftp://example.org/x' } } }),
    refusedAt('/spec/source/http/url'),
  ),
  creation(
    'a profile that needs more memory than the type has',
    without(machine('tight', { instanceProfile: 'fedora', resources: { cpu: '1', memory: '1Gi' } }), 'instanceType'),
    refusedAt('/spec/instanceProfile'),
  ),
  creation(
    'labels and annotations that Kubernetes would not take',
    disk('labelled', {}, { labels: { 'a/b/c': 'x', ok: 'not ok!' }, annotations: { '': 'x' } }),
    refusedAt('/metadata/labels/a~1b~1c', '/metadata/labels/ok', '/metadata/annotations/'),
  ),
  creation(
    'cloud-init that is not YAML',
    machine('yaml', { cloudInit: '#cloud-config\na: [' }),
    refusedAt('/spec/cloudInit'),
  ),
  creation('cloud-init with a key that nobody knows', machine('key', { cloudInit: '#cloud-config\npakages: []\n' }), {
    warned: ['/spec/cloudInit'],
  }),
];

const taken: readonly ParityCase[] = [
  creation(
    'a name that is taken',
    disk('taken', { storage: '20Gi' }),
    { refused: 'AlreadyExists' },
    { given: [applied(disk('taken'))], throughKubectl: true },
  ),
  creation('the same name for another kind', machine('taken'), {}, { given: [applied(disk('taken'))] }),
  creation(
    'a disk that another machine has',
    machine('second', { disks: ['shared'] }),
    { refused: 'DiskInUse' },
    { given: [applied(disk('shared'), machine('first', { disks: ['shared'] }))] },
  ),
  creation(
    'what the quota does not allow, with the numbers',
    machine('big', { instanceType: 'u1.2xlarge' }),
    { refused: 'QuotaExceeded', quota: { limit: 4, used: 1, requested: 8, remaining: 3 } },
    {
      given: [applied(machine('small')), { happens: 'limited', limits: { 'series:U/vcpus': 4 } }],
      throughKubectl: true,
    },
  ),
];

/** The numbers are those of the conventions. */
const traps: readonly ParityCase[] = [
  creation(
    'trap 1: a size of its own instead of a type',
    without(machine('own', { resources: { cpu: '2', memory: '4Gi' } }), 'instanceType'),
    {
      object: {
        spec: { resources: { cpu: '2', memory: '4Gi' } },
        status: { instanceType: { series: 'custom', vcpu: 2, memoryGib: 4 } },
      },
    },
  ),
  creation(
    'trap 1: both type and size',
    machine('both', { resources: { cpu: '2', memory: '4Gi' } }),
    refusedAt('/spec/resources'),
  ),
  creation(
    'trap 1: empty texts are not given',
    machine('empty', { instanceType: '', resources: { cpu: '', memory: '' } }),
    refusedAt('/spec/instanceType'),
  ),
  creation(
    'trap 1: half a size',
    without(machine('half', { resources: { cpu: '2' } }), 'instanceType'),
    refusedAt('/spec/resources/memory'),
  ),
  creation(
    'trap 2: runStrategy instead of running',
    without(machine('strategy', { runStrategy: 'Halted' }), 'running'),
    { object: { spec: { runStrategy: 'Halted' } } },
  ),
  creation('trap 2: running against runStrategy', machine('against', { running: true, runStrategy: 'Halted' }), {
    ...refusedAt('/spec/runStrategy'),
  }),
  creation(
    'trap 3: names and named buses are read back as written',
    machine('mixed', { disks: ['a', { name: 'b', bus: 'scsi' }] }),
    { warned: ['/spec/disks/0', '/spec/disks/1'], object: { spec: { disks: ['a', { name: 'b', bus: 'scsi' }] } } },
  ),
  creation('trap 4: exposed without a port', machine('portless', { external: true }), refusedAt('/spec/externalPorts')),
  creation(
    'trap 4: WholeIP ignores the ports, and says so',
    machine('open', { external: true, externalMethod: 'WholeIP', externalPorts: [22] }),
    { warned: ['/spec/externalMethod'] },
  ),
  creation(
    'trap 4: a port twice',
    machine('doubled', { external: true, externalPorts: [22, 22] }),
    refusedAt('/spec/externalPorts/1'),
  ),
  creation('trap 6: what the specification calls GB is GiB', machine('gib', { instanceType: 'u1.xlarge' }), {
    object: { status: { instanceType: { name: 'u1.xlarge', memoryGib: 16 } } },
  }),
  creation('trap 7: the series S is one like the others', machine('series', { instanceType: 's1.medium' }), {
    object: { status: { instanceType: { series: 'S' } } },
  }),
  creation('trap 10: a machine’s name of 41 characters', machine('m'.repeat(41)), {}),
  creation('trap 10: a machine’s name of 42 characters', machine('m'.repeat(42)), refusedAt('/metadata/name')),
  creation('trap 10: a disk’s name of 45 characters', disk('d'.repeat(45)), {}),
  creation('trap 10: a disk’s name of 46 characters', disk('d'.repeat(46)), refusedAt('/metadata/name')),
  creation('trap 10: a name that begins with a digit', disk('1st'), refusedAt('/metadata/name')),
  creation('trap 11: a key that is abbreviated is a word', machine('short', { sshKeys: ['ssh-rsa AAAAB3Nza...'] }), {
    warned: ['/spec/sshKeys/0'],
  }),
  creation(
    'trap 11: a line that is no key',
    machine('line', { sshKeys: ['hello world'] }),
    refusedAt('/spec/sshKeys/0'),
  ),
  creation(
    'trap 12: a disk that does not exist yet',
    machine('early', { disks: ['later'] }),
    { warned: ['/spec/disks/0'] },
    { throughKubectl: true },
  ),
  creation('trap 13: ports that are kept and expose nothing', machine('closed', { externalPorts: [22] }), {
    warned: ['/spec/externalPorts'],
    object: { spec: { external: false, externalPorts: [22] } },
  }),
];

export const CREATION_CASES: readonly ParityCase[] = [...sound, ...mistakes, ...taken, ...traps];
