/**
 * The quota document: counters by series, by storage class, and external addresses. Read with what is used, written
 * with limits alone. Inside, memory and storage are counted in MiB; the document speaks of GiB.
 */
import {
  type ClaimKey,
  type ClaimMetric,
  Fault,
  type FieldProblem,
  gibOf,
  type QuotaMetricName,
} from '@compute/domain';
import { z } from 'zod';

const MIB_PER_GIB = 1024;

export interface QuotaCounterFacts {
  readonly scope: string;
  readonly metric: ClaimMetric;
  readonly limit: number | null;
  readonly used: number;
  /** Of what is used; absent: nothing. */
  readonly reserved?: number;
}

export interface QuotaNumberView {
  readonly limit: number | 'unlimited';
  /** Everything that is held; what a request is judged by. */
  readonly used: number;
  /** The part of `used` that nothing stands behind yet: what still waits, and room that a change of size keeps. */
  readonly reserved: number;
  readonly remaining: number | 'unlimited';
}

export type SeriesMetric = 'instances' | 'vcpus' | 'memoryGib';
export type StorageMetric = 'disks' | 'storageGib';

export interface QuotaView {
  readonly series: Readonly<Record<string, Readonly<Record<SeriesMetric, QuotaNumberView>>>>;
  readonly storage: Readonly<Record<string, Readonly<Record<StorageMetric, QuotaNumberView>>>>;
  readonly externalIps: QuotaNumberView;
}

const SERIES_METRICS: Readonly<Record<SeriesMetric, ClaimMetric>> = {
  instances: 'instances',
  vcpus: 'vcpus',
  memoryGib: 'memoryMib',
};
const STORAGE_METRICS: Readonly<Record<StorageMetric, ClaimMetric>> = { disks: 'disks', storageGib: 'storageMib' };

/** Scopes that a document always shows, also before anything was claimed in them. */
export interface QuotaScopes {
  readonly series: readonly string[];
  readonly storageClasses: readonly string[];
}

/** The document of a project's counters. A counter that is not there yet is unused and unlimited. */
export function quotaView(counters: readonly QuotaCounterFacts[], scopes: QuotaScopes): QuotaView {
  const find = (scope: string, metric: ClaimMetric) =>
    counters.find((counter) => counter.scope === scope && counter.metric === metric);
  const named = (prefix: string) =>
    counters
      .filter(({ scope }) => scope.startsWith(prefix) && !scope.endsWith('*'))
      .map(({ scope }) => scope.slice(prefix.length));
  const group = <M extends string>(
    prefix: string,
    names: readonly string[],
    metrics: Readonly<Record<M, ClaimMetric>>,
  ) =>
    Object.fromEntries(
      [...new Set([...names, ...named(prefix)])].map((name) => [
        name,
        Object.fromEntries(
          Object.entries<ClaimMetric>(metrics).map(([shown, metric]) => [
            shown,
            numberView(find(`${prefix}${name}`, metric), metric),
          ]),
        ) as Record<M, QuotaNumberView>,
      ]),
    );
  return {
    series: group('series:', scopes.series, SERIES_METRICS),
    storage: group('class:', scopes.storageClasses, STORAGE_METRICS),
    externalIps: numberView(find('external', 'ips'), 'ips'),
  };
}

function numberView(counter: QuotaCounterFacts | undefined, metric: ClaimMetric): QuotaNumberView {
  const used = shownOf(counter?.used ?? 0, metric);
  const limit = counter?.limit ?? null;
  const reserved = shownOf(counter?.reserved ?? 0, metric);
  if (limit === null) return { limit: 'unlimited', used, reserved, remaining: 'unlimited' };
  const shown = shownOf(limit, metric);
  return { limit: shown, used, reserved, remaining: Math.max(0, shown - used) };
}

/** A metric as users know it, and its numbers: memory and storage in GiB. */
export function shownMetric(metric: ClaimMetric): { name: QuotaMetricName; shown: (value: number) => number } {
  return { name: METRIC_NAMES[metric], shown: (value) => shownOf(value, metric) };
}

/** The metric that users know by this name. */
export function claimMetricOf(name: QuotaMetricName): ClaimMetric {
  return CLAIM_METRICS.find((metric) => METRIC_NAMES[metric] === name) ?? 'instances';
}

const METRIC_NAMES: Readonly<Record<ClaimMetric, QuotaMetricName>> = {
  instances: 'instances',
  vcpus: 'vcpus',
  memoryMib: 'memoryGib',
  disks: 'disks',
  storageMib: 'storageGib',
  ips: 'externalIps',
};

const CLAIM_METRICS = Object.keys(METRIC_NAMES) as readonly ClaimMetric[];
export const QUOTA_METRICS: readonly QuotaMetricName[] = CLAIM_METRICS.map((metric) => METRIC_NAMES[metric]);

const isMib = (metric: ClaimMetric): boolean => metric === 'memoryMib' || metric === 'storageMib';
const shownOf = (value: number, metric: ClaimMetric): number => (isMib(metric) ? gibOf(value) : value);

const limitOf = (number: z.ZodNumber, error: string) =>
  z
    .union([number.min(0).max(1_000_000_000), z.literal('unlimited')], { error })
    .optional()
    .meta({ description: `${error} Left out: the default.` });
const limit = limitOf(z.int(), 'A whole number, or "unlimited".');
const size = limitOf(z.number(), 'A number, or "unlimited".');

const seriesLimits = z.strictObject({ instances: limit, vcpus: limit, memoryGib: size });
const storageLimits = z.strictObject({ disks: limit, storageGib: size });

export const quotaDocumentSchema = z.strictObject({
  series: z.record(z.string().max(63), seriesLimits).default(() => ({})),
  storage: z.record(z.string().max(63), storageLimits).default(() => ({})),
  externalIps: limit,
});
export type QuotaDocument = z.infer<typeof quotaDocumentSchema>;
type Limit = z.infer<typeof size>;

/** The limits of a document by claim key, `null` for unlimited; what it leaves out is absent. */
export function limitsOf(document: QuotaDocument, scopes: QuotaScopes): Record<string, number | null> {
  refuseUnknownScopes(document, scopes);
  const limits: Record<string, number | null> = {};
  const put = (key: ClaimKey, value: Limit, factor: number) => {
    if (value !== undefined) limits[key] = value === 'unlimited' ? null : Math.floor(value * factor);
  };
  for (const [name, entry] of Object.entries(document.series)) {
    put(`series:${name}/instances`, entry.instances, 1);
    put(`series:${name}/vcpus`, entry.vcpus, 1);
    put(`series:${name}/memoryMib`, entry.memoryGib, MIB_PER_GIB);
  }
  for (const [name, entry] of Object.entries(document.storage)) {
    put(`class:${name}/disks`, entry.disks, 1);
    put(`class:${name}/storageMib`, entry.storageGib, MIB_PER_GIB);
  }
  put('external/ips', document.externalIps, 1);
  return limits;
}

function refuseUnknownScopes(document: QuotaDocument, scopes: QuotaScopes): void {
  const unknown = (given: object, known: readonly string[], at: string): FieldProblem[] =>
    Object.keys(given)
      .filter((name) => !known.includes(name))
      .map((name) => ({ pointer: `${at}/${name}`, code: 'unknown_field', message: `There are: ${known.join(', ')}.` }));
  const problems = [
    ...unknown(document.series, scopes.series, '/series'),
    ...unknown(document.storage, scopes.storageClasses, '/storage'),
  ];
  if (problems.length > 0)
    throw new Fault('InvalidArgument', 'The quota names what does not exist.', { fields: problems });
}
