/**
 * `npm run fuzz [-- --minutes=10 --seed=1 --face=rest]`: attacks every face of a stack of its own with chance, and ends
 * with what it found. The same seed makes the same requests; what they meet depends on what others did before.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Random } from '../survival/seeds/random.ts';
import { judgeAftermath } from './aftermath.ts';
import { Footprints } from './footprints.ts';
import { type Ground, openGround } from './ground.ts';
import { grpcAttack } from './grpc-face.ts';
import { wireAttack } from './grpc-wire.ts';
import { kubeAttack, restAttack } from './http-faces.ts';
import { Judge } from './judge.ts';
import { operationsOf } from './rest-requests.ts';
import { missingSchemathesis, runSchemathesis } from './schemathesis.ts';
import { makeTenants, type Tenants } from './tenants.ts';

const FACES = ['rest', 'grpc', 'kube'] as const;
type Face = (typeof FACES)[number];
type Attack = (random: Random) => Promise<void>;

/** Attackers side by side on each face. */
const AT_ONCE = 3;
const MINUTE_MS = 60_000;

const say = (line: string) => void process.stdout.write(`${line}\n`);

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' }, face: { type: 'string' } },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const faces = FACES.filter((face) => values.face === undefined || values.face === face);
if (!(minutes > 0) || !Number.isInteger(seed) || faces.length === 0) {
  say(`Usage: npm run fuzz [-- --minutes=10 --seed=1 --face=${FACES.join('|')}]`);
  process.exit(2);
}

const missing = faces.includes('rest') ? missingSchemathesis() : undefined;
if (missing !== undefined) say(`Without schemathesis, because ${missing}; everything else is attacked all the same.`);
say(`Attacking ${faces.join(', ')} for ${minutes} minutes with the seed ${seed}.`);
const ground = await openGround();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void ground.stop().finally(() => process.exit(130)));
try {
  process.exitCode = await attackAll(ground);
} finally {
  await ground.stop();
}

/** Gives the exit code. */
async function attackAll(ground: Ground): Promise<number> {
  const { stack, probes } = ground;
  const tenants = await makeTenants(sendJson(stack.rest), stack.adminKey, `${stack.images}small.qcow2`);
  const judge = new Judge(tenants, say);
  const footprints = [new Footprints('API', probes.api), new Footprints('worker', probes.worker)];
  const end = Date.now() + minutes * MINUTE_MS;
  const lanes = (await attacksOn(ground, tenants, judge)).flatMap((attack, index) =>
    Array.from({ length: AT_ONCE }, (_none, lane) => keepOn(attack, new Random(seed + index * 1_000 + lane), end)),
  );
  const others = [watchFootprints(footprints, end)];
  if (faces.includes('rest') && missing === undefined)
    others.push(runSchemathesis({ url: stack.rest, seconds: minutes * 60 - 5, seed, tenants, judge, say }));
  const [counts] = await Promise.all([Promise.all(lanes), ...others]);
  const made = counts.reduce((sum, count) => sum + count, 0);
  await judgeAftermath(ground, judge, [tenants.victim, tenants.attacker]);
  for (const each of footprints) {
    say(`after the attack: ${await each.look()}`);
    each.judge(judge);
  }
  return told(judge, made);
}

function told(judge: Judge, made: number): number {
  const statuses = [...judge.statuses].sort().map(([status, times]) => `${status}: ${times}`);
  say(statuses.join(', '));
  say(`${made} requests with the seed ${seed}; ${judge.faults.length} faults.`);
  for (const fault of judge.faults) say(`- ${fault}`);
  return judge.faults.length === 0 ? 0 : 1;
}

async function attacksOn({ stack, kubeCa }: Ground, tenants: Tenants, judge: Judge): Promise<Attack[]> {
  const document = (await (await fetch(`${stack.rest}/openapi.json`)).json()) as Parameters<typeof operationsOf>[0];
  const makers: Readonly<Record<Face, () => Attack[]>> = {
    rest: () => [restAttack({ url: stack.rest, tenants, judge }, operationsOf(document))],
    grpc: () => {
      const face = { address: stack.grpc, tenants, judge };
      return [grpcAttack(face), wireAttack(face)];
    },
    kube: () => [kubeAttack({ url: stack.kube ?? '', ca: kubeCa, tenants, judge })],
  };
  return faces.flatMap((face) => makers[face]());
}

/** Resolves with the number of requests that were made until the end. */
async function keepOn(attack: Attack, random: Random, end: number): Promise<number> {
  let made = 0;
  for (; Date.now() < end; made += 1) await attack(random);
  return made;
}

/** A first look after a fifth of the time, when everything is warm; then one each minute. */
async function watchFootprints(footprints: readonly Footprints[], end: number): Promise<void> {
  await pause((end - Date.now()) / 5);
  for (;;) {
    for (const each of footprints) say(await each.look());
    if (Date.now() + MINUTE_MS > end) return;
    await pause(MINUTE_MS);
  }
}

function sendJson(url: string) {
  return async (method: string, path: string, key: string, body?: object) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    const reply = await fetch(url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
    return { status: reply.status, body: (await reply.json()) as unknown };
  };
}
