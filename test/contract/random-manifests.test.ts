/**
 * Random invalid manifests: never a fault of the server, never a stored half, always every planted fault named by its
 * pointer. PROPERTY_SEED repeats a run, PROPERTY_MANIFESTS says how many; what fast-check shrinks to is printed.
 */
import {
  insecure,
  invoke,
  type KubeClient,
  type KubectlStage,
  kubeClient,
  openKubectlStage,
} from '@compute/api/testing';
import type { Kind } from '@compute/domain';
import {
  BadRequest,
  CreateVmDiskRequest,
  CreateVmInstanceRequest,
  Status,
  VmDiskServiceClient,
  VmInstanceServiceClient,
} from '@compute/proto';
import type { ServiceError } from '@grpc/grpc-js';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Fault, faults, plant, soundManifest } from './planted-faults.ts';

const seed = Number(process.env.PROPERTY_SEED ?? Date.now() % 2 ** 31);
const wanted = Number(process.env.PROPERTY_MANIFESTS ?? 10_000);
/** Manifests that one round sends at once; what is stored is counted after each round. */
const AT_ONCE = 20;
process.stdout.write(`Random manifests: ${wanted} with PROPERTY_SEED=${seed}.\n`);

/** A share of the wanted number, in rounds. */
const rounds = (share: number) => ({
  seed,
  numRuns: Math.max(1, Math.ceil((wanted * share) / AT_ONCE)),
  endOnFailure: true,
});

let stage: KubectlStage;
let database: pg.Client;
let kube: KubeClient;
let vms: VmInstanceServiceClient;
let disks: VmDiskServiceClient;
let nothing: string;
beforeAll(async () => {
  stage = await openKubectlStage({ LOG_LEVEL: 'fatal' });
  const { api, config, key } = stage.it;
  database = new pg.Client({ connectionString: config.databaseUrl });
  await database.connect();
  kube = kubeClient(api.kubeUrl ?? '', stage.ca, key);
  vms = new VmInstanceServiceClient(api.grpcAddress, insecure());
  disks = new VmDiskServiceClient(api.grpcAddress, insecure());
  nothing = await stored();
}, 60_000);
afterAll(async () => {
  vms.close();
  disks.close();
  await database.end();
  await stage.close();
});

const TABLES = [
  'resource',
  'transition',
  'change',
  'outbox',
  'operation',
  'idempotency',
  'audit',
  'usage_open',
  'disk_attachment',
];
const COUNT = `select ${TABLES.map((table) => `(select count(*) from ${table}) as ${table}`).join(', ')}, (select sum(used) from quota) as used`;

/** How much of everything is stored. */
const stored = async (): Promise<string> => JSON.stringify((await database.query(COUNT)).rows[0]);

interface Broken {
  readonly kind: Kind;
  readonly planted: readonly Fault[];
}

const kinds = fc.constantFrom<Kind>('VMInstance', 'VMDisk');
const broken = (typedOnly = false): fc.Arbitrary<Broken> =>
  kinds.chain((kind) => faults(kind, typedOnly).map((planted) => ({ kind, planted })));
const round = (typedOnly = false) => fc.array(broken(typedOnly), { minLength: AT_ONCE, maxLength: AT_ONCE });

/** At the pointer or below it, as far as the face's spelling has got. */
const names = (pointers: readonly string[], wanted: string): boolean =>
  pointers.some((pointer) => pointer === wanted || pointer.startsWith(`${wanted}/`));

function everyFaultNamed({ planted }: Broken, pointers: readonly string[], reply: string): void {
  const silent = planted.filter(({ pointer }) => !names(pointers, pointer)).map(({ pointer }) => pointer);
  expect(silent, `not named by ${reply}, planted ${JSON.stringify(planted)}`).toEqual([]);
}

const PLURALS: Readonly<Record<Kind, string>> = { VMInstance: 'vm-instances', VMDisk: 'vm-disks' };
let made = 0;
const manifestOf = ({ kind, planted }: Broken) => {
  made += 1;
  return plant(soundManifest(kind, `sound-${made}`), planted);
};

interface Problem {
  readonly errors?: readonly { readonly pointer: string }[];
}

async function overRest(one: Broken): Promise<void> {
  const reply = await stage.it.send<Problem>('POST', `/v1/projects/demo/${PLURALS[one.kind]}`, {
    body: manifestOf(one),
  });
  expect(reply.status, reply.text).toBe(422);
  everyFaultNamed(one, reply.body.errors?.map(({ pointer }) => pointer) ?? [], reply.text);
}

/** `spec.externalPorts[0]` as a pointer; the keys of labels may hold anything, but those that are planted do not. */
const pointerOfPath = (path: string): string =>
  `/${path
    .replaceAll(/\[([^\]]*)\]/g, '.$1')
    .split('.')
    .join('/')}`;

const APPLY = 'application/apply-patch+yaml';

/** An apply names its object in the address, so that nothing else need. */
const isNamedByAddress = ({ planted }: Broken): boolean =>
  planted.some(({ pointer, isAbsent }) => pointer === '/metadata' && isAbsent);

/** Another name in the body than in the address is refused as such. */
const isRenamed = ({ planted }: Broken): boolean => planted.some(({ pointer }) => pointer === '/metadata/name');

const KUBE_PLURALS: Readonly<Record<Kind, string>> = { VMInstance: 'vminstances', VMDisk: 'vmdisks' };

/** What Kubernetes reads of an object before it looks at any field: where that is wrong, it refuses with 400 and no causes. */
const READ_FIRST = ['/apiVersion', '/kind', '/metadata', '/metadata/namespace'];

async function overKube(one: Broken): Promise<void> {
  const manifest = manifestOf(one);
  const path = `namespaces/demo/${KUBE_PLURALS[one.kind]}`;
  const apply = `${path}/sound?fieldManager=kubectl&force=true&fieldValidation=Strict`;
  const { status, body } =
    made % 2 === 0 || isNamedByAddress(one)
      ? await kube.send('POST', `${path}?fieldManager=kubectl&fieldValidation=Strict`, manifest)
      : await kube.send('PATCH', apply, plant(soundManifest(one.kind, 'sound'), one.planted), APPLY);
  expect([400, 422], JSON.stringify(body)).toContain(status);
  if (status === 400) {
    const isUnreadable = one.planted.some(({ pointer }) => READ_FIRST.includes(pointer));
    expect(isUnreadable || isRenamed(one), JSON.stringify([body, one])).toBe(true);
  }
  const causes: { field: string }[] = body.details?.causes ?? [];
  if (status === 422)
    everyFaultNamed(
      one,
      causes.map(({ field }) => pointerOfPath(field)),
      JSON.stringify(body),
    );
}

async function overGrpc(one: Broken): Promise<void> {
  const manifest = messageOf(manifestOf(one));
  const metadata = stage.it.metadata();
  const call: Promise<unknown> =
    one.kind === 'VMInstance'
      ? invoke(
          vms,
          vms.createVmInstance,
          CreateVmInstanceRequest.fromPartial({ project: 'demo', vmInstance: manifest }),
          metadata,
        )
      : invoke(
          disks,
          disks.createVmDisk,
          CreateVmDiskRequest.fromPartial({ project: 'demo', vmDisk: manifest }),
          metadata,
        );
  const error = await call.then(
    () => undefined,
    (thrown: ServiceError) => thrown,
  );
  expect(error?.code, `${error?.message} ${JSON.stringify(one)}`).toBe(3);
  const details = Status.decode(error?.metadata.get('grpc-status-details-bin')[0] as Buffer).details;
  const found = details.find(({ typeUrl }) => typeUrl.endsWith('BadRequest'))?.value ?? new Uint8Array();
  const fields = BadRequest.decode(found).fieldViolations.map(({ field }) => field);
  const pointers = fields
    .map((field) => pointerOfPath(field).split('/').slice(2).join('/'))
    .map((path) => `/${camel(path)}`);
  everyFaultNamed(one, pointers, JSON.stringify(fields));
}

const camel = (path: string): string => path.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());

// biome-ignore lint/suspicious/noExplicitAny: a manifest that is about to become a message
function messageOf({ metadata, spec }: any): any {
  const { disks: entries, source, ...same } = spec;
  const [sort] = Object.keys(source ?? {});
  const of = sort === undefined ? {} : { source: { source: { $case: sort, value: source[sort] } } };
  // biome-ignore lint/suspicious/noExplicitAny: as above
  const named = entries === undefined ? {} : { disks: entries.map((name: any) => ({ name })) };
  return { metadata, spec: { ...same, ...of, ...named } };
}

/** Sends a round and holds that nothing of it is stored. */
async function refused(all: readonly Broken[], send: (one: Broken) => Promise<void>): Promise<void> {
  await Promise.all(all.map(send));
  expect(await stored(), 'something of it was stored').toBe(nothing);
}

it('are refused over REST with every fault named, and nothing is stored', async () => {
  await fc.assert(
    fc.asyncProperty(round(), (all) => refused(all, overRest)),
    rounds(0.6),
  );
}, 300_000);

it('are refused over kubectl’s protocol', async () => {
  await fc.assert(
    fc.asyncProperty(round(), (all) => refused(all, overKube)),
    rounds(0.15),
  );
}, 300_000);

it('are refused over gRPC, as far as a message can carry them', async () => {
  await fc.assert(
    fc.asyncProperty(round(true), (all) => refused(all, overGrpc)),
    rounds(0.1),
  );
}, 300_000);

it('are refused as documents of one YAML file, each fault by document and pointer', async () => {
  const file = fc.array(broken(), { minLength: 1, maxLength: AT_ONCE });
  const send = async (all: readonly Broken[]) => {
    const body = all.map((one) => JSON.stringify(manifestOf(one), undefined, 1)).join('\n---\n');
    const reply = await stage.it.send<Problem>('POST', '/v1/projects/demo/manifests', { body });
    expect(reply.status, reply.text).toBe(422);
    const pointers = reply.body.errors?.map(({ pointer }) => pointer) ?? [];
    all.forEach((one, index) => {
      const own = pointers
        .filter((pointer) => pointer.startsWith(`/${index}/`))
        .map((pointer) => pointer.slice(`/${index}`.length));
      // A document whose kind or version cannot be read is judged no further.
      const unreadable = own.filter((pointer) => pointer === '/kind' || pointer === '/apiVersion');
      if (unreadable.length === 0) everyFaultNamed(one, own, reply.text);
    });
    expect(await stored(), 'something of it was stored').toBe(nothing);
  };
  await fc.assert(fc.asyncProperty(file, send), rounds(0.1));
}, 300_000);

const deep = fc
  .integer({ min: 33, max: 3_000 })
  .map((depth) => JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`) as unknown);
const anything = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc.json({ maxDepth: 4 }).map((json) => json.slice(0, -1)),
  deep.map((value) => JSON.stringify({ ...soundManifest('VMDisk', 'deep'), spec: value })),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom(
    '',
    'null',
    '[]',
    '{}',
    '---\n---\n',
    'a: &a [*a]',
    '{"__proto__":{"spec":{}}}',
    '\t- a',
    `a: ${'['.repeat(50_000)}`,
  ),
);

it('may be anything at all: refused, never a fault of the server', async () => {
  const send = async (bodies: readonly string[]) => {
    const paths = ['vm-instances', 'vm-disks', 'manifests', 'vm-disks/absent'];
    const types = ['application/json', 'application/yaml'];
    await Promise.all(
      bodies.map(async (body, index) => {
        const path = `/v1/projects/demo/${paths[index % paths.length]}`;
        const type = path.endsWith('absent') ? 'application/merge-patch+json' : (types[index % 2] ?? '');
        const method = path.endsWith('absent') ? 'PATCH' : 'POST';
        const reply = await stage.it.send(method, path, { body, headers: { 'content-type': type } });
        expect(reply.status, `${body.slice(0, 200)}: ${reply.text}`).toBeGreaterThanOrEqual(400);
        expect(reply.status, `${body.slice(0, 200)}: ${reply.text}`).toBeLessThan(500);
      }),
    );
    expect(await stored(), 'something of it was stored').toBe(nothing);
  };
  await fc.assert(fc.asyncProperty(fc.array(anything, { minLength: AT_ONCE, maxLength: AT_ONCE }), send), rounds(0.05));
}, 300_000);

it('with odd texts are kept as they are or refused, never lost in between', async () => {
  const odd = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 80 }),
    fc.string({ unit: 'grapheme', maxLength: 80 }),
    fc.constantFrom('\u0000', 'a\u0000b', '\ud800', '\udfff x', '\ufeff', '\u2028', '\u202e', '\uffff'),
  );
  let next = 0;
  const send = async (note: string, seedText: string) => {
    next += 1;
    const disk = {
      ...soundManifest('VMDisk', `odd-${next}`),
      metadata: { name: `odd-${next}`, annotations: { note } },
    };
    const machine = soundManifest('VMInstance', `odd-${next}`);
    const bodies = [
      ['vm-disks', disk],
      [
        'vm-instances',
        { ...machine, spec: { ...machine.spec, cloudInitSeed: seedText, cloudInit: `#cloud-config\n# ${note}` } },
      ],
    ] as const;
    for (const [path, body] of bodies) {
      const reply = await stage.it.send<{ metadata: object; spec: object }>('POST', `/v1/projects/demo/${path}`, {
        body,
      });
      expect([201, 400, 422], reply.text).toContain(reply.status);
      if (reply.status !== 201) continue;
      const read = await stage.it.send<typeof reply.body>('GET', `/v1/projects/demo/${path}/odd-${next}`);
      expect(read.body).toMatchObject({ metadata: body.metadata, spec: body.spec });
    }
  };
  await fc.assert(fc.asyncProperty(odd, odd, send), { ...rounds(0.1), numRuns: Math.max(1, Math.ceil(wanted / 100)) });
}, 300_000);
