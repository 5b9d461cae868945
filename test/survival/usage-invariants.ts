/**
 * The usage ledger against two witnesses: the history, to which it must be equal to the millisecond, sizes and addresses
 * included, and the cluster's own record of what existed and ran, within which it must lie.
 */
import {
  type AnyResource,
  DISK_METERS,
  type DiskPhase,
  type Kind,
  type Transition,
  VM_METERS,
  type VmPhase,
} from '@compute/domain';
import type { TruthInterval, TruthMeter } from '@compute/simulator';
import { truthOf } from './stage/cluster-truth.ts';
import type { Stage } from './stage/stage.ts';

/** Kubernetes tells times in whole seconds, rounded down, and takes the time some while before it is stored: long, on a busy machine. */
const CLUSTER_CLOCK_MS = 3_000;

interface Billed {
  readonly uid: string;
  readonly name: string;
  readonly kind: Kind;
  readonly meter: string;
  readonly from: number;
  readonly to: number;
}

export interface LedgerSubject {
  readonly project: string;
  readonly namespace: string;
  readonly rows: readonly AnyResource[];
  readonly history: readonly Transition[];
}

export async function ledgerProblems(stage: Stage, subject: LedgerSubject): Promise<string[]> {
  const until = new Date();
  const billed = [...Map.groupBy(subject.history, ({ uid }) => uid).values()].flatMap((entries) =>
    billedByHistory(entries, until.getTime()),
  );
  const { findings } = await stage.store.usage.audit(subject.project);
  return [
    ...(await sumProblems(stage, subject, billed, until)),
    ...truthProblems(stage, subject.namespace, billed),
    ...findings.map((finding) => `the audit of usage finds ${JSON.stringify(finding)}`),
  ];
}

/** The intervals that the phases of one resource imply. */
function billedByHistory(entries: readonly Transition[], until: number): Billed[] {
  const phases = entries.filter(({ type }) => type === 'Phase');
  return phases.flatMap(({ uid, name, kind, to, at }, index) => {
    const end = phases[index + 1]?.at.getTime() ?? until;
    return metersOf(kind, to).map((meter) => ({ uid, name, kind, meter, from: at.getTime(), to: end }));
  });
}

function metersOf(kind: Kind, phase: string): readonly string[] {
  const meters = kind === 'VMDisk' ? DISK_METERS[phase as DiskPhase] : VM_METERS[phase as VmPhase];
  return meters ?? [];
}

async function sumProblems(stage: Stage, { project }: LedgerSubject, billed: readonly Billed[], until: Date) {
  const query = { project, from: new Date(0), to: until, groupBy: ['resource'] as const };
  const summary = await stage.store.usage.summary(query);
  const counted = sums(
    summary
      .filter(({ meter }) => meter !== 'ip.held')
      .map(({ uid, meter, durationMs }) => [`${meter} of ${uid}`, durationMs]),
  );
  const wanted = sums(billed.map(({ uid, meter, from, to }) => [`${meter} of ${uid}`, to - from]));
  const keys = new Set([...counted.keys(), ...wanted.keys()]);
  return [...keys].flatMap((key) => {
    const [ledger, history] = [counted.get(key) ?? 0, wanted.get(key) ?? 0];
    return ledger === history ? [] : [`${key} is ${ledger} ms in the ledger and ${history} ms in history`];
  });
}

function sums(entries: readonly (readonly [string, number])[]): Map<string, number> {
  const totals = new Map<string, number>();
  for (const [key, value] of entries) totals.set(key, (totals.get(key) ?? 0) + value);
  return totals;
}

const WITNESS: Readonly<Record<string, { meter: TruthMeter; prefix: string; endsToo: boolean; slackMs: number }>> = {
  'disk.allocated': { meter: 'pvc.exists', prefix: 'vm-disk-', endsToo: true, slackMs: 0 },
  'vm.allocated': { meter: 'vm.exists', prefix: 'vm-instance-', endsToo: true, slackMs: CLUSTER_CLOCK_MS },
  // That a machine has ended is known only when somebody looked: its end may be late, its beginning never early.
  'vm.running': { meter: 'vmi.running', prefix: 'vm-instance-', endsToo: false, slackMs: CLUSTER_CLOCK_MS },
};

/** Nothing is billed that did not exist. */
function truthProblems({ simulator }: Stage, namespace: string, billed: readonly Billed[]): string[] {
  return joined(billed).flatMap((interval) => {
    const witness = WITNESS[interval.meter];
    if (witness === undefined || interval.to === interval.from) return [];
    const { meter, prefix, endsToo, slackMs } = witness;
    const name = `${prefix}${interval.name}`;
    const seen = joinedTruth(truthOf(simulator, namespace, meter).filter((one) => one.name === name));
    const covers = seen.some(
      ({ from, to }) => from <= interval.from + slackMs && (endsToo ? to >= interval.to : to > interval.from),
    );
    return covers
      ? []
      : [
          `${interval.meter} of ${interval.name} is billed from ${at(interval.from)} to ${at(interval.to)}, but ${meter} was ${JSON.stringify(seen.map(({ from, to }) => [at(from), at(to)]))}`,
        ];
  });
}

const at = (ms: number): string => (Number.isFinite(ms) ? new Date(ms).toISOString() : 'now');

/** Phases that follow each other and run the same meter are one interval. */
function joined(billed: readonly Billed[]): Billed[] {
  const out: Billed[] = [];
  for (const one of [...billed].sort(
    (a, b) => a.uid.localeCompare(b.uid) || a.meter.localeCompare(b.meter) || a.from - b.from,
  )) {
    const last = out.at(-1);
    const goesOn = last?.uid === one.uid && last.meter === one.meter && last.to === one.from;
    if (goesOn) out[out.length - 1] = { ...last, to: one.to };
    else out.push(one);
  }
  return out;
}

/** A volume that grows ends one interval of its truth and begins the next in the same millisecond. */
function joinedTruth(intervals: readonly TruthInterval[]): { from: number; to: number }[] {
  const spans = intervals
    .map(({ from, to }) => ({
      from: Date.parse(from),
      to: to === undefined ? Number.POSITIVE_INFINITY : Date.parse(to),
    }))
    .sort((a, b) => a.from - b.from);
  const out: { from: number; to: number }[] = [];
  for (const span of spans) {
    const last = out.at(-1);
    if (last !== undefined && span.from <= last.to) last.to = Math.max(last.to, span.to);
    else out.push({ ...span });
  }
  return out;
}
