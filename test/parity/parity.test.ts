/**
 * One table of cases through REST, gRPC and kubectl's protocol: the same results, errors, warnings and side effects. A
 * new case is an entry of the tables in `cases/`; a face that cannot express one says why there.
 */
import { type KubectlStage, missingKubectl, openKubectlStage } from '@compute/api/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Expected, isTurn, type ParityCase, type Turn } from './case.ts';
import { CHANGE_CASES } from './cases/changes.ts';
import { CREATION_CASES } from './cases/creation.ts';
import { READING_CASES } from './cases/reading.ts';
import { grpcFace } from './grpc-face.ts';
import { kubeFace } from './kube-face.ts';
import { askKubectl, printedReason } from './kubectl-command.ts';
import { type Ask, type AskOf, FACES, type Face, type FaceName, type Json, type Outcome } from './requests.ts';
import { restFace } from './rest-face.ts';
import { newWorld, type World } from './world.ts';

let stage: KubectlStage;
let database: pg.Pool;
beforeAll(async () => {
  stage = await openKubectlStage();
  database = new pg.Pool({ connectionString: stage.it.config.databaseUrl });
}, 60_000);
afterAll(async () => {
  await database.end();
  await stage.close();
});

function openFace(name: FaceName, world: World): Face {
  const happen = async (ask: AskOf<'watch'>) => {
    for (const happening of ask.during) await world.happen(happening);
  };
  switch (name) {
    case 'REST':
      return restFace(stage.it, happen);
    case 'gRPC':
      return grpcFace(stage.it, happen);
    case 'kubectl':
      return kubeFace(stage.it, stage.ca, happen);
  }
}

interface Played {
  readonly face: Face;
  readonly outcomes: readonly (readonly [Turn, Outcome])[];
  readonly left: Json;
}

async function play(subject: ParityCase, name: FaceName): Promise<Played> {
  const world = await newWorld(stage.it, database);
  for (const happening of subject.given ?? []) await world.happen(happening);
  const face = openFace(name, world);
  const outcomes: [Turn, Outcome][] = [];
  for (const entry of subject.turns) {
    if (!isTurn(entry)) await world.happen(entry);
    else outcomes.push([entry, await turn(face, world, entry)]);
  }
  face.close();
  return { face, outcomes, left: await world.leftBehind() };
}

/** Asks, and holds that a refusal or a rehearsal leaves nothing behind. */
async function turn(face: Face, world: World, [ask, expected]: Turn): Promise<Outcome> {
  const isHarmless = expected.refused !== undefined || isRehearsal(ask);
  const before = isHarmless ? await world.leftBehind() : undefined;
  const outcome = await face.perform(ask, { project: world.project, key: world.keyOf(ask.by ?? 'owner') });
  if (before) expect(await world.leftBehind(), `${face.name}: what ${ask.ask} left behind`).toEqual(before);
  return outcome;
}

const isRehearsal = (ask: Ask): boolean => 'dryRun' in ask && ask.dryRun === true;

function holds(face: Face, [ask, expected]: Turn, outcome: Outcome): void {
  const where = `${face.name}, ${ask.ask}: ${JSON.stringify(outcome.refusal ?? outcome.object ?? outcome)}`;
  const spelled = (about: 'request' | 'resource', pointers: readonly string[] = []) =>
    pointers.map((pointer) => face.spelled(pointer, ask, about)).sort();
  const at = (remarks: Outcome['warnings'] = []) => [...new Set(remarks.map((remark) => remark.at))].sort();
  expect(outcome.refusal?.said, where).toBe(saidBy(face, expected));
  expect(at(outcome.refusal?.fields), where).toEqual(spelled('request', expected.fields));
  expect(at(outcome.warnings), where).toEqual(spelled('resource', expected.warned));
  if (expected.quota) expect(outcome.refusal?.quota, where).toEqual(expected.quota);
  if (expected.object) expect(outcome.object, where).toMatchObject(expected.object);
  if (expected.effects) expect(outcome.effects, where).toEqual(expected.effects);
  if (expected.events) expect(outcome.events, where).toEqual(expected.events);
  if (expected.replayed !== undefined) expect(outcome.replayed, where).toBe(expected.replayed);
  if (expected.items)
    expect(
      outcome.items?.map((item) => item.metadata.name),
      where,
    ).toEqual(expected.items);
  if (expected.more !== undefined) expect(outcome.more, where).toBe(expected.more);
}

function saidBy(face: Face, { refused, fields = [] }: Expected): string | undefined {
  return refused === undefined ? undefined : face.said(refused, fields.length > 0);
}

/** The same sentences, whatever the spelling of their pointers. */
const sentences = ({ refusal, warnings }: Outcome): readonly string[][] =>
  [refusal?.fields ?? [], warnings].map((remarks) => remarks.map(({ message }) => message).sort());

function agree(subject: ParityCase, [first, ...others]: readonly Played[]): void {
  for (const other of others) {
    const pair = `${first?.face.name} and ${other.face.name}`;
    first?.outcomes.forEach(([[ask], outcome], at) => {
      const theirs = other.outcomes[at]?.[1];
      expect(theirs?.object, `${pair}: the object of ${ask.ask}`).toEqual(outcome.object);
      expect(theirs?.effects, `${pair}: what ${ask.ask} would do to the quota`).toEqual(outcome.effects);
      expect(theirs?.items, `${pair}: the items of ${ask.ask}`).toEqual(outcome.items);
      expect(theirs && sentences(theirs), `${pair}: the sentences of ${ask.ask}`).toEqual(sentences(outcome));
    });
    expect(shared(subject, other.left), `${pair}: what is left behind`).toEqual(shared(subject, first?.left));
  }
}

function shared({ apart }: ParityCase, left: Json): Json {
  return Object.fromEntries(Object.entries(left).filter(([table]) => !apart?.tables.includes(table)));
}

const CASES: readonly ParityCase[] = [...CREATION_CASES, ...CHANGE_CASES, ...READING_CASES];

describe('through every face alike', () => {
  it.each(CASES.map((subject) => [titleOf(subject), subject] as const))('%s', async (_title, subject) => {
    const faces = FACES.filter((name) => subject.cannot?.[name] === undefined);
    const played = await Promise.all(faces.map((name) => play(subject, name)));
    for (const { face, outcomes } of played) for (const [entry, outcome] of outcomes) holds(face, entry, outcome);
    agree(subject, played);
  });
});

function titleOf({ title, cannot = {} }: ParityCase): string {
  const reasons = Object.entries(cannot).map(([name, reason]) => `not ${name}: ${reason}`);
  return reasons.length === 0 ? title : `${title} (${reasons.join('; ')})`;
}

describe('through the kubectl of this machine', () => {
  const cases = CASES.filter(({ throughKubectl }) => throughKubectl);
  if (missingKubectl !== undefined)
    it('is left out', () => {
      process.stdout.write(`${cases.length} cases did not go through kubectl: ${missingKubectl}\n`);
      expect(cases.length).toBeGreaterThan(0);
    });
  else it.each(cases.map((subject) => [subject.title, subject] as const))('%s', (_title, subject) => command(subject));
});

async function command(subject: ParityCase): Promise<void> {
  const world = await newWorld(stage.it, database);
  for (const happening of subject.given ?? []) await world.happen(happening);
  const face = openFace('kubectl', world);
  for (const [ask, expected] of subject.turns.filter(isTurn)) {
    const printed = await askKubectl(stage, ask, { project: world.project, key: world.keyOf(ask.by ?? 'owner') });
    const { errors } = printed;
    expect(printed.succeeded, errors).toBe(expected.refused === undefined);
    const said = saidBy(face, expected);
    if (said !== undefined) expect(errors).toContain(printedReason(said));
    for (const field of expected.fields ?? []) expect(errors).toContain(face.spelled(field, ask, 'request'));
    for (const field of expected.warned ?? [])
      expect(errors).toContain(`Warning: ${face.spelled(field, ask, 'resource')}: `);
    if (expected.object && printed.object) expect(printed.object).toMatchObject(expected.object);
    if (expected.items) expect(printed.items?.map((item) => item.metadata.name)).toEqual(expected.items);
  }
}

it('names each case once', () => {
  const titles = CASES.map(({ title }) => title);
  expect(titles.filter((title, at) => titles.indexOf(title) < at)).toEqual([]);
});
