/**
 * The one change feed on its three faces: whoever goes on from where it was told sees every change once and in order,
 * however often it is disconnected; who cannot be served so is told; who does not read costs no memory and is cut off.
 */
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { insecure, type KubectlStage, openKubectlStage, removeFully } from '@compute/api/testing';
import { WatchRequest, type WatchResponse, WatchServiceClient } from '@compute/proto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type WatchedFace, type Watcher, watchedFaces } from './watchers.ts';

const seed = Number(process.env.PROPERTY_SEED ?? Date.now() % 2 ** 31);
process.stdout.write(`Disconnections of watches: PROPERTY_SEED=${seed}.\n`);

let stage: KubectlStage;
let database: pg.Pool;
beforeAll(async () => {
  stage = await openKubectlStage({ STREAM_HEARTBEAT_SECONDS: '1' });
  database = new pg.Pool({ connectionString: stage.it.config.databaseUrl });
}, 60_000);
afterAll(async () => {
  await database.end();
  await stage.close();
});

/** The same numbers for the same seed. */
function randomOf(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const WRITERS = 6;
const ROUNDS = 12;

/** Each writer makes, changes and ends disks of its own; all at once. */
async function write(project: string): Promise<void> {
  const send = async (method: string, path: string, body?: unknown) => {
    const type = { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' };
    const about = body === undefined ? {} : { body, headers: type };
    const reply = await stage.it.send(method, `/v1/projects/${project}/vm-disks${path}`, {
      ...about,
      key: stage.it.adminKey,
    });
    if (reply.status >= 400) throw new Error(reply.text);
  };
  const writer = async (number: number) => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const name = `disk-${number}-${round}`;
      await send('POST', '', { metadata: { name }, spec: { storage: '1Gi' } });
      await send('PATCH', `/${name}`, { metadata: { labels: { round: `${round}` } } });
      if (round % 3 !== 0) continue;
      await send('DELETE', `/${name}`);
      await removeFully(stage.it.store, 'VMDisk', name, project);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, number) => writer(number)));
}

/** What the database says that happened after a position, in order. */
async function happened(project: string, after: string): Promise<string[]> {
  const query = 'select seq, op from change where project = $1 and seq > $2 order by seq';
  const { rows } = await database.query<{ seq: string; op: string }>(query, [project, after]);
  return rows.map(({ seq, op }) => `${seq} ${op}`);
}

/** To clients of Kubernetes position 0 means any, so the feed must have begun. */
async function positionAfterSomething(): Promise<string> {
  const body = { metadata: { name: `first-${Date.now()}` }, spec: { storage: '1Gi' } };
  await stage.it.send('POST', '/v1/projects/demo/vm-disks', { body });
  return stage.it.store.feedPosition();
}

describe('a watch that is disconnected again and again', () => {
  it('sees every change of many writers once and in order, on every face', async () => {
    const random = randomOf(seed);
    const faces = watchedFaces(stage);
    const { name: project } = await stage.it.store.createProject('disconnected');
    const begin = await positionAfterSomething();
    let isWritten = false;
    const readers = faces.map((face) => follow(face, project, begin, random, () => isWritten));
    await write(project);
    isWritten = true;
    const seen = await Promise.all(readers);
    const wanted = await happened(project, begin);
    expect(wanted.length).toBe(WRITERS * (ROUNDS * 2 + (ROUNDS / 3) * 2));
    for (const [at, { changes, connections }] of seen.entries()) {
      expect(changes, `${faces[at]?.name}, PROPERTY_SEED=${seed}`).toEqual(wanted);
      expect(connections, `${faces[at]?.name} was never disconnected`).toBeGreaterThan(3);
    }
  }, 60_000);
});

interface Followed {
  readonly changes: readonly string[];
  readonly connections: number;
}

/** Follows from a position; hangs up after some changes, and goes on after the last one that it took. */
async function follow(
  face: WatchedFace,
  project: string,
  begin: string,
  random: () => number,
  isWritten: () => boolean,
): Promise<Followed> {
  const changes: string[] = [];
  let cursor = begin;
  let connections = 0;
  const isComplete = async () => isWritten() && (await happened(project, cursor)).length === 0;
  while (!(await isComplete())) {
    const watcher = await face.open(project, cursor);
    connections += 1;
    for (let left = 1 + Math.floor(random() * 30); left > 0; left -= 1) {
      if (await isComplete()) break;
      const told = await watcher.next();
      if (!told) throw new Error(`${face.name} ended: ${watcher.refused() ?? 'without a word'}`);
      if (told.change !== undefined) changes.push(told.change);
      if (told.cursor !== '') cursor = told.cursor;
    }
    watcher.close();
  }
  return { changes, connections };
}

/** Large enough that a few dozen fill every buffer between two processes. */
const BULK = 'x'.repeat(200_000);
const BULKS = 60;

async function writeMuch(project: string): Promise<void> {
  const path = `/v1/projects/${project}/vm-disks`;
  const key = stage.it.adminKey;
  await stage.it.send('POST', path, { body: { metadata: { name: 'large' }, spec: { storage: '1Gi' } }, key });
  for (let count = 0; count < BULKS; count += 1) {
    const body = { metadata: { annotations: { bulk: `${count}${BULK}` } } };
    const headers = { 'content-type': 'application/merge-patch+json' };
    const reply = await stage.it.send('PATCH', `${path}/large`, { body, headers, key });
    if (reply.status >= 400) throw new Error(reply.text);
  }
}

/** Bytes that this process holds for a connection that was made to it from a port. */
function heldFor(port: number): number {
  const open = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();
  const sockets = open.filter((handle): handle is Socket => (handle as Socket).remotePort === port);
  return Math.max(0, ...sockets.map(({ writableLength }) => writableLength));
}

const MOST_HELD = 4 * 1024 * 1024;

describe('a reader that does not read', () => {
  it('is told over REST that it was too slow, and nothing is held for it', async () => {
    const { name: project } = await stage.it.store.createProject('slow-rest');
    const url = new URL(`${stage.it.api.restUrl}/v1/projects/${project}/watch`);
    const socket = connect(Number(url.port), url.hostname);
    const headers = { authorization: `Bearer ${stage.it.adminKey}` };
    const call = request(url, { headers, createConnection: () => socket });
    const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
      call.on('response', resolve).on('error', reject).end();
    });
    response.pause();
    socket.pause();
    await writeMuch(project);
    const held = heldFor(socket.localPort ?? 0);
    expect(held).toBeGreaterThan(0);
    expect(held).toBeLessThan(MOST_HELD);
    await watchersAre('rest', 0);
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-5_000);
    });
    await new Promise((resolve) => response.on('close', resolve).on('error', resolve).resume());
    expect(text).toContain('event: TOO_OLD');
  }, 60_000);

  it('is told over gRPC that it was too slow', async () => {
    const { name: project } = await stage.it.store.createProject('slow-grpc');
    const client = new WatchServiceClient(stage.it.api.grpcAddress, insecure());
    const asked = WatchRequest.fromPartial({ project });
    const stream = client.watch(asked, stage.it.metadata(stage.it.adminKey));
    // This client takes everything off the wire until it has been read from once.
    await new Promise<void>((resolve) => {
      stream.once('data', () => {
        stream.pause();
        resolve();
      });
    });
    await writeMuch(project);
    await watchersAre('grpc', 0);
    const taken: WatchResponse[] = [];
    const error = await new Promise<{ code: number }>((resolve) => {
      stream
        .on('data', (message: WatchResponse) => taken.push(message))
        .on('error', resolve)
        .resume();
    });
    client.close();
    expect(error.code).toBe(11);
    expect(taken.length).toBeLessThan(BULKS);
  }, 60_000);

  /** The gauge of the metrics, which counts streams that are open. */
  async function watchersAre(face: string, count: number): Promise<void> {
    for (;;) {
      const { text } = await stage.it.send('GET', '/metrics');
      if (new RegExp(`watchers\\{[^}]*face="${face}"[^}]*\\} ${count}\\n`).test(text)) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
});

describe('a position whose changes are no longer kept', () => {
  it('is refused in the word of each face, while it is listed anew and goes on', async () => {
    const { name: project } = await stage.it.store.createProject('too-old');
    const begin = await positionAfterSomething();
    const body = { metadata: { name: 'kept' }, spec: { storage: '1Gi' } };
    await stage.it.send('POST', `/v1/projects/${project}/vm-disks`, { body, key: stage.it.adminKey });
    const later = new Date(Date.now() + 400 * 86_400_000);
    await stage.it.store.dropPartitions({ changes: later, history: new Date(0), states: new Date(0) });
    for (const face of watchedFaces(stage)) {
      const stale = await face.open(project, begin);
      expect(await stale.next(), face.name).toBeUndefined();
      expect(stale.refused(), face.name).toBe(face.tooOld);
      stale.close();
      const anew = await face.open(project, '');
      expect((await firstChange(anew)).split(' ')[1], face.name).toBe('ADDED');
      anew.close();
    }
  }, 30_000);
});

async function firstChange(watcher: Watcher): Promise<string> {
  for (;;) {
    const told = await watcher.next();
    if (!told) throw new Error('The watch ended.');
    if (told.change !== undefined) return told.change;
  }
}
