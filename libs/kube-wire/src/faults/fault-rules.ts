/**
 * Faults on demand: rules say which requests go wrong, how, how often and for how long, and count how often each did.
 * Chance comes from a seeded generator per rule, so a test with the same requests meets the same faults.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { ResourceBackend } from '../protocol/backend.ts';
import type { FrameInterceptor, Interceptor, RequestFacts } from '../protocol/interceptor.ts';
import { StatusError } from '../protocol/status-error.ts';
import { expiredBackend, StaleLists } from './faulty-backends.ts';
import { frameFault } from './frame-faults.ts';
import { seededRandom } from './seeded-random.ts';

/** What goes wrong. */
export type FaultEffect =
  /** The request waits before it is looked at. */
  | { type: 'latency'; minMs: number; maxMs: number }
  /** The request is refused, without effect. */
  | { type: 'error'; code: number; reason?: string; message?: string; retryAfterSeconds?: number }
  /** The connection is cut, before or after the request took effect. */
  | { type: 'reset'; when: 'before' | 'after' }
  /** The API server is away: every request is cut, health checks too. */
  | { type: 'away' }
  /** A watch is cut at the event after this many (0: watches that run are cut at once). */
  | { type: 'watchCut'; afterEvents: number }
  /** An event is sent twice. */
  | { type: 'watchDuplicate' }
  /** An event changes places with the one behind it. */
  | { type: 'watchReorder' }
  /** A watch (or the continuation of a list) is answered with 410 Expired. */
  | { type: 'expired' }
  /** Lists answer the state they had when the rule first met them. */
  | { type: 'staleList' };

export interface FaultRule {
  /** Given by `set` when absent; setting a rule of the same id replaces it. */
  id?: string;
  effect: FaultEffect;
  /** Absent lists match everything. */
  verbs?: string[];
  /** `plural.group`, or the plural for the core group. */
  resources?: string[];
  namespaces?: string[];
  names?: string[];
  subresources?: string[];
  users?: string[];
  /** 0 to 1 (the default): the chance for each matching request or event. */
  probability?: number;
  seed?: number;
  /** Matching requests that pass before the rule begins. */
  skip?: number;
  /** How often it fires at most. */
  count?: number;
  /** Begins and ends this long after it was set. */
  startAfterMs?: number;
  durationMs?: number;
}

/** A rule with what it did so far. */
export interface FaultCounters {
  id: string;
  rule: FaultRule;
  matched: number;
  fired: number;
}

interface ActiveRule extends FaultCounters {
  setAtMs: number;
  random: () => number;
  stale: StaleLists;
}

const matchers = [
  ['verbs', 'verb'],
  ['resources', 'resource'],
  ['namespaces', 'namespace'],
  ['names', 'name'],
  ['subresources', 'subresource'],
  ['users', 'user'],
] as const;

export class FaultRules implements Interceptor {
  readonly #rules = new Map<string, ActiveRule>();
  readonly #cutters: ((affected: (facts: RequestFacts) => boolean) => void)[] = [];
  #nextId = 1;

  /** Sets a rule and returns its id. */
  set(rule: FaultRule): string {
    const id = rule.id ?? `fault-${this.#nextId++}`;
    const random = seededRandom(rule.seed ?? 1);
    this.#rules.set(id, { id, rule, matched: 0, fired: 0, setAtMs: Date.now(), random, stale: new StaleLists() });
    if (cutsRunning(rule.effect)) setTimeout(() => this.#cutRunning(id), rule.startAfterMs ?? 0).unref();
    return id;
  }

  /** Removes one rule (false when there is none of that id), or all of them. */
  clear(id?: string): boolean {
    if (id !== undefined) return this.#rules.delete(id);
    this.#rules.clear();
    return true;
  }

  /** All rules with their counters. */
  list(): FaultCounters[] {
    return [...this.#rules.values()].map(({ id, rule, matched, fired }) => ({ id, rule, matched, fired }));
  }

  async before(facts: RequestFacts): Promise<'pass' | 'reset'> {
    for (const active of this.#matching(facts, ['latency', 'error', 'reset', 'away'])) {
      const { effect } = active.rule;
      if (effect.type === 'reset' && effect.when === 'after') continue;
      if (!fires(active)) continue;
      if (effect.type === 'reset' || effect.type === 'away') return 'reset';
      if (effect.type === 'error') throw errorOf(effect);
      if (effect.type === 'latency') await delay(effect.minMs + active.random() * (effect.maxMs - effect.minMs));
    }
    return 'pass';
  }

  after(facts: RequestFacts): 'pass' | 'reset' {
    for (const active of this.#matching(facts, ['reset'])) {
      const { effect } = active.rule;
      if (effect.type === 'reset' && effect.when === 'after' && fires(active)) return 'reset';
    }
    return 'pass';
  }

  onCut(cut: (affected: (facts: RequestFacts) => boolean) => void): void {
    this.#cutters.push(cut);
  }

  #cutRunning(id: string): void {
    const affected = (facts: RequestFacts): boolean =>
      this.#matching(facts, cuttingTypes).some((active) => active.id === id && fires(active));
    for (const cut of this.#cutters) cut(affected);
  }

  watch(facts: RequestFacts): FrameInterceptor | undefined {
    // Rules set while a watch runs take effect on its next event, so they are looked up per frame.
    return frameFault(() =>
      this.#matching(facts, ['watchCut', 'watchDuplicate', 'watchReorder']).map((active) => ({
        effect: active.rule.effect,
        fires: () => fires(active),
      })),
    );
  }

  backend(facts: RequestFacts, backend: ResourceBackend): ResourceBackend {
    let wrapped = backend;
    for (const active of this.#matching(facts, ['expired', 'staleList'])) {
      if (active.rule.effect.type === 'staleList' && facts.verb === 'list' && fires(active)) {
        wrapped = active.stale.wrap(facts.resource, wrapped);
      }
      if (active.rule.effect.type === 'expired' && (facts.verb === 'watch' || facts.verb === 'list')) {
        wrapped = expiredBackend(wrapped, () => fires(active));
      }
    }
    return wrapped;
  }

  #matching(facts: RequestFacts, types: FaultEffect['type'][]): ActiveRule[] {
    if (this.#rules.size === 0) return [];
    return [...this.#rules.values()].filter(({ rule, setAtMs }) => {
      return types.includes(rule.effect.type) && isActive(rule, setAtMs) && matchesFacts(rule, facts);
    });
  }
}

const cuttingTypes: FaultEffect['type'][] = ['away', 'watchCut'];

/** Whether a rule ends watches that run already when it begins. */
function cutsRunning(effect: FaultEffect): boolean {
  return effect.type === 'away' || (effect.type === 'watchCut' && effect.afterEvents === 0);
}

function isActive({ startAfterMs = 0, durationMs }: FaultRule, setAtMs: number): boolean {
  const elapsedMs = Date.now() - setAtMs - startAfterMs;
  return elapsedMs >= 0 && (durationMs === undefined || elapsedMs < durationMs);
}

function matchesFacts(rule: FaultRule, facts: RequestFacts): boolean {
  return matchers.every(([list, fact]) => rule[list]?.includes(facts[fact]) ?? true);
}

/** Counts a match and decides whether the rule fires this time. */
function fires(active: ActiveRule): boolean {
  const { rule } = active;
  active.matched += 1;
  if (active.matched <= (rule.skip ?? 0)) return false;
  if (active.fired >= (rule.count ?? Number.POSITIVE_INFINITY)) return false;
  if (rule.probability !== undefined && active.random() >= rule.probability) return false;
  active.fired += 1;
  return true;
}

const reasons: Record<number, string> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

function errorOf(effect: FaultEffect & { type: 'error' }): StatusError {
  const { code, message = `injected ${code}`, retryAfterSeconds } = effect;
  const reason = effect.reason ?? reasons[code] ?? '';
  const wait = retryAfterSeconds ?? (code === 429 ? 1 : undefined);
  return new StatusError(code, reason, message, wait === undefined ? {} : { retryAfterSeconds: wait });
}
