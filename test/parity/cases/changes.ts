/** Changing and deleting: edits, what cannot change, preconditions, repetition, rehearsal, absence. */
import type { ParityCase, Turn } from '../case.ts';
import { applied, disk, machine } from './manifests.ts';

const NO_KEYS =
  'the protocol has no key for a request: the name of the object serves, and a repeated creation is AlreadyExists';
const NO_ACTIONS =
  'imports are cancelled and tried again through REST and gRPC: a subresource of a disk has no name there';

const edits: readonly ParityCase[] = [
  {
    title: 'a change of the spec counts the generation',
    given: [applied(machine('edited'))],
    turns: [
      [
        { ask: 'patch', kind: 'VMInstance', name: 'edited', patch: { spec: { externalPorts: [22], external: true } } },
        {
          object: {
            metadata: { generation: 2 },
            spec: { external: true, externalPorts: [22], instanceType: 'u1.medium' },
          },
        },
      ],
    ],
    throughKubectl: true,
  },
  {
    title: 'a change of labels alone leaves the generation',
    given: [applied(disk('labelled', {}, { labels: { a: '1' } }))],
    turns: [
      [
        { ask: 'patch', kind: 'VMDisk', name: 'labelled', patch: { metadata: { labels: { b: '2' } } } },
        { object: { metadata: { generation: 1, labels: { a: '1', b: '2' } } } },
      ],
    ],
    throughKubectl: true,
  },
  {
    title: 'null unsets a field, which then has its default',
    given: [applied(machine('unset', { cloudInitSeed: 'seed' }))],
    turns: [
      [
        { ask: 'patch', kind: 'VMInstance', name: 'unset', patch: { spec: { cloudInitSeed: null } } },
        { object: { spec: { cloudInitSeed: '' } }, warned: ['/spec/cloudInitSeed'] },
      ],
    ],
  },
  {
    title: 'what changes nothing writes nothing',
    given: [applied(machine('same'))],
    turns: [
      [
        { ask: 'patch', kind: 'VMInstance', name: 'same', patch: { spec: { running: false } } },
        { object: { metadata: { generation: 1 } } },
      ],
    ],
  },
  {
    title: 'a replacement drops what it does not name',
    given: [applied(machine('replaced', { externalPorts: [22], external: true }, { labels: { a: '1' } }))],
    turns: [
      [
        {
          ask: 'replace',
          kind: 'VMInstance',
          name: 'replaced',
          manifest: machine('replaced', { instanceType: 'u1.large' }),
        },
        {
          object: {
            metadata: { labels: {}, generation: 2 },
            spec: { external: false, externalPorts: [], instanceType: 'u1.large' },
          },
        },
      ],
    ],
  },
  {
    title: 'runStrategy takes the place of running',
    given: [applied(machine('power'))],
    turns: [
      [
        { ask: 'patch', kind: 'VMInstance', name: 'power', patch: { spec: { running: null, runStrategy: 'Manual' } } },
        { object: { spec: { runStrategy: 'Manual' } }, warned: ['/spec/disks'] },
      ],
    ],
  },
  {
    title: 'trap 5: another cloudInitSeed warns that cloud-init runs again',
    given: [applied(machine('seeded', { cloudInitSeed: 'one' }))],
    turns: [
      [
        { ask: 'patch', kind: 'VMInstance', name: 'seeded', patch: { spec: { cloudInitSeed: 'two' } } },
        { warned: ['/spec/cloudInitSeed'] },
      ],
    ],
    throughKubectl: true,
  },
  {
    title: 'a wrong change is refused with every mistake',
    given: [applied(machine('wrong'))],
    turns: [
      [
        { ask: 'patch', kind: 'VMInstance', name: 'wrong', patch: { spec: { instanceType: 'none', external: true } } },
        { refused: 'InvalidArgument', fields: ['/spec/instanceType', '/spec/externalPorts'] },
      ],
    ],
  },
  {
    title: 'trap 8: source, class and kind of a disk cannot change, nor can it shrink',
    given: [applied(disk('fixed'))],
    turns: [
      [
        {
          ask: 'patch',
          kind: 'VMDisk',
          name: 'fixed',
          patch: {
            spec: { optical: true, storage: '5Gi', storageClass: 'local', source: { image: { name: 'ubuntu-2404' } } },
          },
        },
        {
          refused: 'ImmutableField',
          fields: ['/spec/source', '/spec/optical', '/spec/storageClass', '/spec/storage'],
        },
      ],
    ],
  },
  {
    title: 'trap 8: a disk grows',
    given: [applied(disk('grown'))],
    turns: [
      [
        { ask: 'patch', kind: 'VMDisk', name: 'grown', patch: { spec: { storage: '20Gi' } } },
        { object: { spec: { storage: '20Gi' } } },
      ],
    ],
  },
  {
    title: 'growth that the quota does not allow',
    given: [applied(disk('grown')), { happens: 'limited', limits: { 'class:replicated/storageMib': 15 * 1024 } }],
    turns: [
      [
        { ask: 'patch', kind: 'VMDisk', name: 'grown', patch: { spec: { storage: '20Gi' } } },
        { refused: 'QuotaExceeded', quota: { limit: 15, used: 10, requested: 10, remaining: 5 } },
      ],
    ],
  },
  {
    title: 'trap 9: a disk that another machine has cannot be taken',
    given: [applied(disk('held'), machine('holder', { disks: ['held'] }), machine('taker'))],
    turns: [
      [
        { ask: 'patch', kind: 'VMInstance', name: 'taker', patch: { spec: { disks: ['held'] } } },
        { refused: 'DiskInUse' },
      ],
    ],
  },
  {
    title: 'trap 9: an optical disk serves many',
    given: [applied(disk('iso', { optical: true }), machine('one', { disks: ['iso'] }), machine('two'))],
    turns: [
      [
        { ask: 'patch', kind: 'VMInstance', name: 'two', patch: { spec: { disks: ['iso'] } } },
        { object: { spec: { disks: ['iso'] } } },
      ],
    ],
  },
  {
    title: 'a change of what is not there',
    turns: [
      [{ ask: 'patch', kind: 'VMDisk', name: 'absent', patch: { spec: { storage: '1Gi' } } }, { refused: 'NotFound' }],
    ],
  },
];

const bound: readonly ParityCase[] = [
  {
    title: 'a change bound to a version that somebody has passed',
    given: [applied(machine('bound'))],
    turns: [
      [{ ask: 'get', kind: 'VMInstance', name: 'bound', remember: true }, {}],
      { happens: 'patched', kind: 'VMInstance', name: 'bound', patch: { metadata: { labels: { faster: 'yes' } } } },
      [
        {
          ask: 'patch',
          kind: 'VMInstance',
          name: 'bound',
          patch: { spec: { instanceType: 'u1.large' } },
          ifRemembered: true,
        },
        { refused: 'PreconditionFailed' },
      ],
      [{ ask: 'delete', kind: 'VMInstance', name: 'bound', ifRemembered: true }, { refused: 'PreconditionFailed' }],
    ],
  },
  {
    title: 'a worker’s report does not disturb a change that is bound to a version',
    given: [applied(machine('reported'))],
    turns: [
      [{ ask: 'get', kind: 'VMInstance', name: 'reported', remember: true }, {}],
      { happens: 'reported', kind: 'VMInstance', name: 'reported', phase: 'Stopped' },
      [
        {
          ask: 'patch',
          kind: 'VMInstance',
          name: 'reported',
          patch: { spec: { instanceType: 'u1.large' } },
          ifRemembered: true,
        },
        { object: { spec: { instanceType: 'u1.large' } } },
      ],
    ],
  },
];

const repeated: readonly ParityCase[] = [
  {
    title: 'the same request with the same key is done once',
    turns: [
      [{ ask: 'create', kind: 'VMDisk', manifest: disk('once'), key: 'key-1' }, { replayed: false }],
      [
        { ask: 'create', kind: 'VMDisk', manifest: disk('once'), key: 'key-1' },
        { replayed: true, object: { metadata: { name: 'once', generation: 1 } } },
      ],
    ],
    cannot: { kubectl: NO_KEYS },
  },
  {
    title: 'another request with the same key is refused',
    given: [],
    turns: [
      [{ ask: 'create', kind: 'VMDisk', manifest: disk('first'), key: 'key-2' }, {}],
      [{ ask: 'create', kind: 'VMDisk', manifest: disk('second'), key: 'key-2' }, { refused: 'IdempotencyMismatch' }],
    ],
    cannot: { kubectl: NO_KEYS },
  },
  {
    title: 'a change with a key is done once, also after somebody else’s change',
    given: [applied(machine('edited'))],
    turns: [
      [
        {
          ask: 'patch',
          kind: 'VMInstance',
          name: 'edited',
          patch: { spec: { instanceType: 'u1.large' } },
          key: 'key-3',
        },
        { replayed: false },
      ],
      { happens: 'patched', kind: 'VMInstance', name: 'edited', patch: { spec: { instanceType: 'u1.xlarge' } } },
      [
        {
          ask: 'patch',
          kind: 'VMInstance',
          name: 'edited',
          patch: { spec: { instanceType: 'u1.large' } },
          key: 'key-3',
        },
        { replayed: true },
      ],
      [{ ask: 'get', kind: 'VMInstance', name: 'edited' }, { object: { spec: { instanceType: 'u1.xlarge' } } }],
    ],
    cannot: { kubectl: NO_KEYS },
    apart: { tables: ['requests'], why: 'faces name the verb of an edit by their own method' },
  },
];

const rehearsed: readonly ParityCase[] = [
  {
    title: 'a rehearsed creation shows the defaults and the warnings',
    turns: [
      [
        { ask: 'create', kind: 'VMInstance', manifest: machine('tried', { disks: ['nowhere'] }), dryRun: true },
        {
          warned: ['/spec/disks/0'],
          object: {
            metadata: { name: 'tried', generation: 1 },
            spec: { external: false },
            status: { phase: 'Pending' },
          },
        },
      ],
    ],
    throughKubectl: true,
  },
  {
    title: 'a rehearsed creation meets the quota',
    given: [{ happens: 'limited', limits: { 'series:U/instances': 0 } }],
    turns: [
      [
        { ask: 'create', kind: 'VMInstance', manifest: machine('tried'), dryRun: true },
        { refused: 'QuotaExceeded', quota: { limit: 0, used: 0, requested: 1, remaining: 0 } },
      ],
    ],
  },
  {
    title: 'a rehearsed creation of a name that is taken',
    given: [applied(disk('taken'))],
    turns: [[{ ask: 'create', kind: 'VMDisk', manifest: disk('taken'), dryRun: true }, { refused: 'AlreadyExists' }]],
  },
  {
    title: 'a rehearsed change shows what would be',
    given: [applied(machine('tried'))],
    turns: [
      [
        {
          ask: 'patch',
          kind: 'VMInstance',
          name: 'tried',
          patch: { spec: { instanceType: 'u1.large' } },
          dryRun: true,
        },
        {
          effects: ['series:U vcpus: 1 -> 2 of unlimited', 'series:U memoryGib: 4 -> 8 of unlimited'],
          object: {
            metadata: { generation: 2 },
            spec: { instanceType: 'u1.large' },
            status: { instanceType: { name: 'u1.large' } },
          },
        },
      ],
    ],
  },
  {
    title: 'a rehearsed deletion',
    given: [applied(disk('tried'))],
    turns: [
      [
        { ask: 'delete', kind: 'VMDisk', name: 'tried', dryRun: true },
        { object: { metadata: { deletionTimestamp: true }, status: { phase: 'Deleting' } } },
      ],
    ],
  },
  {
    title: 'a rehearsed action',
    given: [applied(machine('tried', { disks: [] }))],
    turns: [
      [
        { ask: 'act', verb: 'start', kind: 'VMInstance', name: 'tried', dryRun: true },
        { object: { spec: { running: true } }, warned: ['/spec/disks'] },
      ],
    ],
  },
];

const actions: readonly ParityCase[] = [
  {
    title: 'start and stop write the power field of the spec',
    given: [applied(machine('powered'))],
    turns: [
      [
        { ask: 'act', verb: 'start', kind: 'VMInstance', name: 'powered' },
        { object: { spec: { running: true } }, warned: ['/spec/disks'] },
      ],
      [{ ask: 'act', verb: 'stop', kind: 'VMInstance', name: 'powered' }, { object: { spec: { running: false } } }],
    ],
  },
  {
    title: 'a failed import is tried again',
    given: [applied(disk('failed')), { happens: 'reported', kind: 'VMDisk', name: 'failed', phase: 'Failed' }],
    turns: [
      [{ ask: 'act', verb: 'retry', kind: 'VMDisk', name: 'failed' }, { object: { metadata: { generation: 2 } } }],
    ],
    cannot: { kubectl: NO_ACTIONS },
  },
  {
    title: 'a running machine is restarted, paused and resumed',
    given: [
      applied(disk('its'), machine('runs', { running: true, disks: ['its'] })),
      { happens: 'reported', kind: 'VMInstance', name: 'runs', phase: 'Running' },
    ],
    turns: [
      [{ ask: 'act', verb: 'restart', kind: 'VMInstance', name: 'runs' }, { object: { metadata: { generation: 2 } } }],
      { happens: 'reported', kind: 'VMInstance', name: 'runs', phase: 'Running' },
      [{ ask: 'act', verb: 'pause', kind: 'VMInstance', name: 'runs' }, { object: { metadata: { generation: 3 } } }],
      { happens: 'reported', kind: 'VMInstance', name: 'runs', phase: 'Paused' },
      [{ ask: 'act', verb: 'unpause', kind: 'VMInstance', name: 'runs' }, { object: { metadata: { generation: 4 } } }],
    ],
  },
  {
    title: 'a machine that is off is neither paused nor restarted',
    given: [applied(machine('off')), { happens: 'reported', kind: 'VMInstance', name: 'off', phase: 'Stopped' }],
    turns: [
      [{ ask: 'act', verb: 'pause', kind: 'VMInstance', name: 'off' }, { refused: 'WrongPowerState' }],
      [{ ask: 'act', verb: 'restart', kind: 'VMInstance', name: 'off' }, { refused: 'WrongPowerState' }],
      [{ ask: 'act', verb: 'pause', kind: 'VMInstance', name: 'off', dryRun: true }, { refused: 'WrongPowerState' }],
    ],
  },
  {
    title: 'power is not for readers, and strangers find no machine',
    given: [applied(machine('kept'))],
    turns: ['start', 'stop', 'restart', 'pause', 'unpause'].flatMap((verb): Turn[] => {
      const ask = { ask: 'act', verb, kind: 'VMInstance', name: 'kept' } as const;
      return [
        [{ ...ask, by: 'reader' }, { refused: 'PermissionDenied' }],
        [{ ...ask, by: 'stranger' }, { refused: 'NotFound' }],
        [{ ...ask, by: 'nobody' }, { refused: 'Unauthenticated' }],
      ];
    }),
  },
  {
    title: 'an import is cancelled once, and a disk that is there has none',
    given: [
      applied(disk('comes'), disk('there')),
      { happens: 'reported', kind: 'VMDisk', name: 'comes', phase: 'Importing' },
      { happens: 'reported', kind: 'VMDisk', name: 'there', phase: 'Ready' },
    ],
    turns: [
      [{ ask: 'act', verb: 'cancel', kind: 'VMDisk', name: 'comes' }, { object: { metadata: { generation: 2 } } }],
      [{ ask: 'act', verb: 'cancel', kind: 'VMDisk', name: 'comes' }, { object: { metadata: { generation: 2 } } }],
      [{ ask: 'act', verb: 'cancel', kind: 'VMDisk', name: 'there' }, { refused: 'NotCancellable' }],
      [{ ask: 'act', verb: 'retry', kind: 'VMDisk', name: 'there' }, { object: { metadata: { generation: 1 } } }],
    ],
    cannot: { kubectl: NO_ACTIONS },
  },
  {
    title: 'an action on what is not there',
    turns: [[{ ask: 'act', verb: 'start', kind: 'VMInstance', name: 'absent' }, { refused: 'NotFound' }]],
  },
];

const deletions: readonly ParityCase[] = [
  {
    title: 'a deletion begins, and asking again changes nothing',
    given: [applied(disk('leaving'))],
    turns: [
      [
        { ask: 'delete', kind: 'VMDisk', name: 'leaving' },
        { object: { metadata: { deletionTimestamp: true }, status: { phase: 'Deleting' } } },
      ],
      [{ ask: 'delete', kind: 'VMDisk', name: 'leaving' }, { object: { metadata: { deletionTimestamp: true } } }],
    ],
    throughKubectl: true,
  },
  {
    title: 'a disk that a machine has cannot be deleted',
    given: [applied(disk('held'), machine('holder', { disks: ['held'] }))],
    turns: [[{ ask: 'delete', kind: 'VMDisk', name: 'held' }, { refused: 'DiskInUse' }]],
    throughKubectl: true,
  },
  {
    title: 'a machine goes with its disks',
    given: [applied(disk('own'), machine('owner', { disks: ['own'] }))],
    turns: [
      [
        { ask: 'delete', kind: 'VMInstance', name: 'owner', withDisks: true },
        { object: { status: { phase: 'Deleting' } } },
      ],
    ],
    cannot: { kubectl: 'DeleteOptions has no place for it; delete the disks by name after the machine' },
  },
  {
    title: 'what is being deleted does not change any more',
    given: [applied(machine('leaving')), { happens: 'deletion asked', kind: 'VMInstance', name: 'leaving' }],
    turns: [
      [
        { ask: 'patch', kind: 'VMInstance', name: 'leaving', patch: { spec: { instanceType: 'u1.large' } } },
        { refused: 'PreconditionFailed' },
      ],
      [{ ask: 'create', kind: 'VMInstance', manifest: machine('leaving') }, { refused: 'AlreadyExists' }],
    ],
  },
  {
    title: 'a name is free when its holder is gone',
    given: [
      applied(disk('again')),
      { happens: 'deletion asked', kind: 'VMDisk', name: 'again' },
      { happens: 'removed', kind: 'VMDisk', name: 'again' },
    ],
    turns: [
      [{ ask: 'get', kind: 'VMDisk', name: 'again' }, { refused: 'NotFound' }],
      [{ ask: 'delete', kind: 'VMDisk', name: 'again' }, { refused: 'NotFound' }],
      [{ ask: 'create', kind: 'VMDisk', manifest: disk('again') }, { object: { metadata: { generation: 1 } } }],
    ],
  },
];

export const CHANGE_CASES: readonly ParityCase[] = [
  ...edits,
  ...bound,
  ...repeated,
  ...rehearsed,
  ...actions,
  ...deletions,
];
