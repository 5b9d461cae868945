/** Reading, and who may do what: lists, pages, selectors, watches, other tenants, keys with less than it takes. */
import type { ParityCase } from '../case.ts';
import type { Ask } from '../requests.ts';
import { applied, disk, machine } from './manifests.ts';

const NO_QUERIES = 'the protocol has field selectors instead, and the order of names alone';

const labelled = (name: string, tier: string) => disk(name, {}, { labels: { tier } });
const FIVE = applied(...['a', 'b', 'c', 'd', 'e'].map((name) => labelled(name, name < 'c' ? 'web' : 'db')));

const lists: readonly ParityCase[] = [
  {
    title: 'an empty list',
    turns: [
      [
        { ask: 'list', kind: 'VMDisk' },
        { items: [], more: false },
      ],
    ],
  },
  {
    title: 'a list in the order of names, without those of another kind',
    given: [FIVE, applied(machine('a-machine'))],
    turns: [
      [
        { ask: 'list', kind: 'VMDisk' },
        { items: ['a', 'b', 'c', 'd', 'e'], more: false },
      ],
    ],
    throughKubectl: true,
  },
  {
    title: 'pages that follow each other',
    given: [FIVE],
    turns: [
      [
        { ask: 'list', kind: 'VMDisk', size: 2 },
        { items: ['a', 'b'], more: true },
      ],
      [
        { ask: 'list', kind: 'VMDisk', size: 2, goOn: true },
        { items: ['c', 'd'], more: true },
      ],
      [
        { ask: 'list', kind: 'VMDisk', size: 2, goOn: true },
        { items: ['e'], more: false },
      ],
    ],
  },
  ...(
    [
      ['tier=web', ['a', 'b']],
      ['tier!=web', ['c', 'd', 'e']],
      ['tier in (db)', ['c', 'd', 'e']],
      ['tier notin (db,web)', []],
      ['!tier', []],
      ['tier', ['a', 'b', 'c', 'd', 'e']],
    ] as const
  ).map(
    ([selector, items]): ParityCase => ({
      title: `the label selector ${selector}`,
      given: [FIVE],
      turns: [
        [
          { ask: 'list', kind: 'VMDisk', selector },
          { items, more: false },
        ],
      ],
    }),
  ),
  {
    title: 'a selector that is none',
    turns: [
      [
        { ask: 'list', kind: 'VMDisk', selector: 'a b c' },
        { refused: 'InvalidArgument', fields: ['/labelSelector'] },
      ],
    ],
    cannot: { kubectl: 'kube-apiserver answers 400 without causes, and clients of Kubernetes expect that' },
  },
  ...(
    [
      ['name!=c', 'name desc', ['e', 'd', 'b', 'a']],
      ['name=c', '', ['c']],
      ['', 'createdAt', ['a', 'b', 'c', 'd', 'e']],
      ['storageClass=replicated AND name!=a', 'createdAt desc', ['e', 'd', 'c', 'b']],
    ] as const
  ).map(
    ([filter, orderBy, items]): ParityCase => ({
      title: `the filter '${filter}' in the order '${orderBy}'`,
      given: ['a', 'b', 'c', 'd', 'e'].map((name) => applied(disk(name))),
      turns: [
        [
          { ask: 'list', kind: 'VMDisk', filter, orderBy },
          { items, more: false },
        ],
      ],
      cannot: { kubectl: NO_QUERIES },
    }),
  ),
  {
    title: 'a filter and an order that are none, named together',
    turns: [
      [
        { ask: 'list', kind: 'VMDisk', filter: 'colour=red', orderBy: 'spec' },
        { refused: 'InvalidArgument', fields: ['/filter', '/orderBy'] },
      ],
    ],
    cannot: { kubectl: NO_QUERIES },
  },
  {
    title: 'only those in a phase',
    given: [FIVE, { happens: 'reported', kind: 'VMDisk', name: 'b', phase: 'Ready' }],
    turns: [
      [
        { ask: 'list', kind: 'VMDisk', phase: 'Ready' },
        { items: ['b'], more: false },
      ],
    ],
  },
];

const watches: readonly ParityCase[] = [
  {
    title: 'a watch shows what there is, a creation, a change and an end',
    given: [applied(disk('present'))],
    turns: [
      [
        {
          ask: 'watch',
          kind: 'VMDisk',
          events: 6,
          during: [
            applied(disk('made')),
            { happens: 'patched', kind: 'VMDisk', name: 'made', patch: { spec: { storage: '20Gi' } } },
            { happens: 'reported', kind: 'VMDisk', name: 'made', phase: 'Importing' },
            { happens: 'deletion asked', kind: 'VMDisk', name: 'made' },
            { happens: 'removed', kind: 'VMDisk', name: 'made' },
          ],
        },
        {
          events: [
            'ADDED present Pending',
            'ADDED made Pending',
            'MODIFIED made Pending',
            'MODIFIED made Importing',
            'MODIFIED made Deleting',
            'DELETED made Deleting',
          ],
        },
      ],
    ],
  },
  {
    title: 'a watch with a selector tells of what comes into sight and what leaves it',
    given: [applied(labelled('web', 'web'), labelled('db', 'db'))],
    turns: [
      [
        {
          ask: 'watch',
          kind: 'VMDisk',
          selector: 'tier=web',
          events: 4,
          during: [
            { happens: 'patched', kind: 'VMDisk', name: 'db', patch: { metadata: { labels: { tier: 'web' } } } },
            { happens: 'patched', kind: 'VMDisk', name: 'web', patch: { metadata: { labels: { tier: 'db' } } } },
            { happens: 'reported', kind: 'VMDisk', name: 'web', phase: 'Ready' },
            { happens: 'reported', kind: 'VMDisk', name: 'db', phase: 'Ready' },
          ],
        },
        { events: ['ADDED web Pending', 'ADDED db Pending', 'DELETED web Pending', 'MODIFIED db Ready'] },
      ],
    ],
  },
];

const about = (ask: Ask): Ask => ask;
const everything: readonly Ask[] = [
  about({ ask: 'create', kind: 'VMDisk', manifest: disk('new') }),
  about({ ask: 'get', kind: 'VMDisk', name: 'there' }),
  about({ ask: 'list', kind: 'VMDisk' }),
  about({ ask: 'patch', kind: 'VMDisk', name: 'there', patch: { spec: { storage: '20Gi' } } }),
  about({ ask: 'replace', kind: 'VMDisk', name: 'there', manifest: disk('there', { storage: '20Gi' }) }),
  about({ ask: 'delete', kind: 'VMDisk', name: 'there' }),
];
const changes = everything.filter(({ ask }) => ask !== 'get' && ask !== 'list');

const access: readonly ParityCase[] = [
  {
    title: 'another tenant finds nothing, whatever is asked',
    given: [applied(disk('there'))],
    turns: everything.map((ask) => [{ ...ask, by: 'stranger' }, { refused: 'NotFound' }]),
  },
  {
    title: 'nobody gets in without a valid key',
    given: [applied(disk('there'))],
    turns: everything.map((ask) => [{ ...ask, by: 'nobody' }, { refused: 'Unauthenticated' }]),
  },
  {
    title: 'a key for reading changes nothing',
    given: [applied(disk('there'))],
    turns: changes.map((ask) => [{ ...ask, by: 'reader' }, { refused: 'PermissionDenied' }]),
  },
  {
    title: 'a key for reading reads',
    given: [applied(disk('there'))],
    turns: [
      [{ ask: 'get', kind: 'VMDisk', name: 'there', by: 'reader' }, { object: { metadata: { name: 'there' } } }],
      [
        { ask: 'list', kind: 'VMDisk', by: 'reader' },
        { items: ['there'], more: false },
      ],
    ],
  },
  {
    title: 'what was never there is not found',
    turns: [
      [{ ask: 'get', kind: 'VMInstance', name: 'absent' }, { refused: 'NotFound' }],
      [{ ask: 'delete', kind: 'VMInstance', name: 'absent' }, { refused: 'NotFound' }],
      [{ ask: 'replace', kind: 'VMInstance', name: 'absent', manifest: machine('absent') }, { refused: 'NotFound' }],
    ],
  },
];

export const READING_CASES: readonly ParityCase[] = [...lists, ...watches, ...access];
