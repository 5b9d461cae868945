/** Everything that must hold of the ledger of a project in which nothing runs any more. Each check answers with sentences. */
import { usageManifest, verificationKey, verifyExport } from '@compute/contract';
import type { Dimensions, UsageEvent } from '@compute/domain';
import type { Store } from '@compute/store';
import type { TrueSpan } from './truth.ts';

const PERIOD_MS = 3_600_000;
const PAGE = 997;

export interface Lived {
  readonly uid: string;
  readonly spans: readonly TrueSpan[];
}

export interface Verdict {
  readonly events: number;
  readonly problems: readonly string[];
}

export async function judgeLedger(store: Store, project: string, lived: readonly Lived[]): Promise<Verdict> {
  const events = await everyEvent(store, project);
  const { findings } = await store.usage.audit(project);
  const problems = [
    ...truthProblems(events, lived),
    ...shapeProblems(events),
    ...findings.map((finding) => `the audit finds ${JSON.stringify(finding)}`),
    ...(await summaryProblems(store, project, events)),
    ...(await exportProblems(store, project, events.length)),
  ];
  return { events: events.length, problems: problems.map((problem) => `${project}: ${problem}`) };
}

async function everyEvent(store: Store, project: string): Promise<UsageEvent[]> {
  const all: UsageEvent[] = [];
  for (let after = '0'; ; ) {
    const page = await store.usage.events({ project, after, limit: PAGE });
    all.push(...page.events);
    if (page.events.length < PAGE) return all;
    after = page.nextCursor;
  }
}

/** The ledger is the truth, to the millisecond, however either is cut into pieces. */
function truthProblems(events: readonly UsageEvent[], lived: readonly Lived[]): string[] {
  const billed = joined(
    events.map(({ uid, meter, dimensions, from, to }) => ({
      key: keyOf(uid, meter, dimensions),
      from: from.getTime(),
      to: to.getTime(),
    })),
  );
  const wanted = joined(
    lived.flatMap(({ uid, spans }) =>
      spans.map(({ meter, dimensions, from, to }) => ({ key: keyOf(uid, meter, dimensions), from, to })),
    ),
  );
  return [
    ...[...wanted].filter((one) => !billed.has(one)).map((one) => `was true and is not billed: ${one}`),
    ...[...billed].filter((one) => !wanted.has(one)).map((one) => `is billed and was not true: ${one}`),
  ];
}

function keyOf(uid: string, meter: string, dimensions: Dimensions): string {
  return JSON.stringify([uid, meter, Object.entries(dimensions).sort()]);
}

interface Piece {
  readonly key: string;
  readonly from: number;
  readonly to: number;
}

/** Pieces that touch are one; each as a text. Those that overlap stay apart, and so are found. */
function joined(pieces: readonly Piece[]): Set<string> {
  const whole: Piece[] = [];
  const sorted = pieces
    .filter(({ from, to }) => to !== from)
    .toSorted((one, other) => one.key.localeCompare(other.key) || one.from - other.from);
  for (const piece of sorted) {
    const last = whole.at(-1);
    if (last?.key === piece.key && last.to === piece.from) whole[whole.length - 1] = { ...last, to: piece.to };
    else whole.push(piece);
  }
  return new Set(
    whole.map(({ key, from, to }) => `${key} ${new Date(from).toISOString()} – ${new Date(to).toISOString()}`),
  );
}

/** Each interval lies within one period, and the places in the chain are without gaps. */
function shapeProblems(events: readonly UsageEvent[]): string[] {
  return events.flatMap(({ id, from, to, chainPosition }, index) => {
    const isWithin = Math.floor(from.getTime() / PERIOD_MS) === Math.floor((to.getTime() - 1) / PERIOD_MS);
    return [
      ...(isWithin ? [] : [`${id} goes beyond its period: ${from.toISOString()} – ${to.toISOString()}`]),
      ...(chainPosition === String(index + 1) ? [] : [`${id} has the place ${chainPosition}, not ${index + 1}`]),
    ];
  });
}

async function summaryProblems(store: Store, project: string, events: readonly UsageEvent[]): Promise<string[]> {
  const summary = await store.usage.summary({
    project,
    from: new Date(0),
    to: new Date(8.64e14),
    groupBy: ['resource'],
  });
  const sums = new Map<string, number>();
  const add = (uid: string, meter: string, ms: number) =>
    sums.set(`${meter} of ${uid}`, (sums.get(`${meter} of ${uid}`) ?? 0) + ms);
  for (const { uid, meter, durationMs } of events) add(uid, meter, durationMs);
  for (const { uid = '', meter, durationMs } of summary) add(uid, meter, -durationMs);
  return [...sums]
    .filter(([, rest]) => rest !== 0)
    .map(([what, rest]) => `the summary of ${what} is off by ${-rest} ms`);
}

/** What a billing team would be handed is complete, and they can tell. */
async function exportProblems(store: Store, project: string, count: number): Promise<string[]> {
  const exported = await store.usage.export({ project });
  const manifest = usageManifest(exported);
  const keys = (await store.usage.verificationKeys()).map(({ id, publicKey }) => verificationKey(id, publicKey));
  const signed = { manifest, statement: await store.usage.sign(manifest) };
  const { problems } = await verifyExport({
    lines: linesOf(exported.lines('ndjson')),
    format: 'ndjson',
    signed,
    keys: { keys },
  });
  return [
    ...(exported.count === count ? [] : [`${exported.count} events are exported, ${count} are in the feed`]),
    ...problems.map(({ line, message }) => `line ${line} of the export: ${message}`),
  ];
}

async function* linesOf(parts: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const part of parts) yield* part.split('\n');
}
