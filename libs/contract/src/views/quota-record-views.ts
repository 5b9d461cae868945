/** Who holds what of a quota, what happened to its limits, and what a list of manifests would do to it. Memory and storage are in GiB. */
import type {
  Claim,
  ClaimMetric,
  Fault,
  FaultCode,
  Kind,
  QuotaDrift,
  QuotaHistoryEntry,
  QuotaHolder,
  QuotaMetricName,
  QuotaRefusal,
} from '@compute/domain';
import { type QuotaCounterFacts, shownMetric } from './quota-view.ts';

type Limit = number | 'unlimited';

export interface QuotaClaimView {
  readonly scope: string;
  readonly metric: QuotaMetricName;
  readonly held: number;
  /** The part of it that nothing stands behind yet. */
  readonly reserved: number;
}

export interface QuotaHolderView {
  readonly kind: Kind;
  readonly name: string;
  readonly uid: string;
  readonly phase: string;
  readonly createdAt: string;
  readonly claims: readonly QuotaClaimView[];
}

export function quotaHolderView({ createdAt, claims, ...holder }: QuotaHolder): QuotaHolderView {
  const views = claims.map(({ scope, metric, held, reserved }) => {
    const { name, shown } = shownMetric(metric);
    return { scope, metric: name, held: shown(held), reserved: shown(reserved) };
  });
  return { ...holder, createdAt: createdAt.toISOString(), claims: views };
}

export interface QuotaEventView {
  readonly id: string;
  readonly type: 'LimitChanged' | 'ThresholdReached';
  readonly at: string;
  readonly scope: string;
  readonly metric: QuotaMetricName;
  /** Per cent of the limit that use has reached. */
  readonly threshold?: number;
  readonly limitBefore?: Limit;
  readonly limit: Limit;
  readonly used: number;
  /** Whether somebody set the limit, or it is the configured default. */
  readonly source: 'set' | 'default';
  readonly actor: string;
  readonly requestId?: string;
  readonly traceId?: string;
}

export function quotaEventView(facts: QuotaHistoryEntry): QuotaEventView {
  const { seq: id, type, at, scope, metric, threshold, limitBefore, limit, used, actor, requestId, traceId } = facts;
  const { name, shown } = shownMetric(metric);
  const limitOf = (value: number | null): Limit => (value === null ? 'unlimited' : shown(value));
  return {
    ...{ id, type, at: at.toISOString(), scope, metric: name },
    ...(threshold === undefined ? {} : { threshold }),
    ...(limitBefore === undefined ? {} : { limitBefore: limitOf(limitBefore) }),
    ...{ limit: limitOf(limit), used: shown(used), source: facts.overridden ? 'set' : 'default', actor },
    ...(requestId === '' ? {} : { requestId }),
    ...(traceId === undefined ? {} : { traceId }),
  };
}

/** What happened to a limit, as a sentence. */
export function quotaEventSentence(event: QuotaEventView): string {
  const { scope, metric, limit, limitBefore, threshold, used } = event;
  const what = `${scope} ${metric}`;
  if (event.type === 'ThresholdReached') return `${what}: ${used} of ${limit} are used, ${threshold} % or more.`;
  return `${what}: the limit was ${limitBefore} and is ${limit} now; ${used} are used.`;
}

/** A counter that differed from the rows that it counts. */
export interface QuotaDifferenceView {
  readonly project: string;
  readonly scope: string;
  readonly metric: QuotaMetricName;
  readonly counted: number;
  readonly stored: number;
}

export interface QuotaRecountView {
  readonly differences: readonly QuotaDifferenceView[];
  readonly repaired: boolean;
}

export function quotaRecountView(differences: readonly QuotaDrift[], repaired: boolean): QuotaRecountView {
  const views = differences.map(({ project, scope, metric, counted, stored }) => {
    const { name, shown } = shownMetric(metric as ClaimMetric);
    return { project, scope, metric: name, counted: shown(counted), stored: shown(stored) };
  });
  return { differences: views, repaired };
}

/** One document of a what-if. */
export interface SimulatedDocument {
  readonly kind?: string;
  readonly name?: string;
  readonly fault?: Fault;
}

export interface SimulatedDocumentView {
  readonly index: number;
  readonly kind?: string;
  readonly name?: string;
  /** `refused`: for the quota. `invalid`: for anything else. */
  readonly result: 'fits' | 'refused' | 'invalid';
  readonly code?: FaultCode;
  readonly detail?: string;
  readonly quota?: QuotaRefusal;
}

/** One counter, if all the documents were accepted. */
export interface SimulatedTotalView {
  readonly scope: string;
  readonly metric: QuotaMetricName;
  readonly limit: Limit;
  readonly used: number;
  /** What all documents together ask for, also those that would be refused. */
  readonly requested: number;
  /** What would be left; 0 when it does not fit. */
  readonly remaining: Limit;
  /** By how much the limit is too small. */
  readonly missing: number;
}

export interface QuotaSimulationView {
  /** Whether every document would be accepted. */
  readonly fits: boolean;
  readonly documents: readonly SimulatedDocumentView[];
  readonly totals: readonly SimulatedTotalView[];
}

export interface QuotaSimulationFacts {
  readonly documents: readonly SimulatedDocument[];
  /** What all of them together would be charged more (or, negative, less) by claim key. */
  readonly requested: Readonly<Record<string, number>>;
  readonly counters: readonly QuotaCounterFacts[];
}

export function quotaSimulationView({ documents, requested, counters }: QuotaSimulationFacts): QuotaSimulationView {
  const totals = Object.entries(requested)
    .filter(([, amount]) => amount !== 0)
    .map(([key, amount]) => totalOf(key, amount, counters));
  return {
    fits: documents.every(({ fault }) => fault === undefined),
    documents: documents.map(documentView),
    totals: totals.toSorted((a, b) => (`${a.scope}/${a.metric}` < `${b.scope}/${b.metric}` ? -1 : 1)),
  };
}

function documentView({ fault, ...named }: SimulatedDocument, index: number): SimulatedDocumentView {
  if (!fault) return { index, ...named, result: 'fits' };
  const { code, message, details } = fault;
  const result = code === 'QuotaExceeded' ? 'refused' : 'invalid';
  return { index, ...named, result, code, detail: message, ...(details.quota ? { quota: details.quota } : {}) };
}

function totalOf(key: string, amount: number, counters: readonly QuotaCounterFacts[]): SimulatedTotalView {
  const slash = key.lastIndexOf('/');
  const [scope, metric] = [key.slice(0, slash), key.slice(slash + 1) as ClaimMetric];
  const counter = counters.find((one) => one.scope === scope && one.metric === metric);
  const used = counter?.used ?? 0;
  const limit = counter?.limit ?? null;
  const { name, shown } = shownMetric(metric);
  const numbers = { used: shown(used), requested: shown(amount) };
  if (limit === null)
    return { scope, metric: name, limit: 'unlimited', ...numbers, remaining: 'unlimited', missing: 0 };
  const left = limit - used - amount;
  const outcome = { remaining: shown(Math.max(0, left)), missing: amount > 0 ? shown(Math.max(0, -left)) : 0 };
  return { scope, metric: name, limit: shown(limit), ...numbers, ...outcome };
}

/** What claims together take more, or less, by claim key. */
export function claimsTogether(changes: readonly { readonly before: Claim; readonly after: Claim }[]) {
  const sum: Record<string, number> = {};
  for (const { before, after } of changes) {
    for (const [key, amount] of Object.entries(after)) sum[key] = (sum[key] ?? 0) + amount;
    for (const [key, amount] of Object.entries(before)) sum[key] = (sum[key] ?? 0) - amount;
  }
  return sum;
}
