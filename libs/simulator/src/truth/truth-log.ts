/**
 * The intervals in which things were true, as the simulated cluster itself knows them.
 *
 * It listens to the store's commits, so its times are those of the change and not of somebody's watch. Later a bill is compared with
 * it. With a file the intervals survive restarts: one line for each beginning and each end.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { KubeObject } from '@compute/kube-client';
import { type MemoryStore, resourceKey } from '@compute/kube-wire';
import { factKey, factsOf, TRUTH_RESOURCES, type TruthFact, type TruthMeter } from './truth-intervals.ts';

export interface TruthInterval extends TruthFact {
  from: string;
  /** Absent while it lasts. */
  to?: string;
}

export interface TruthQuery {
  namespace?: string;
  meter?: TruthMeter;
}

type Line = { open: TruthInterval } | { close: string; to: string };

export class TruthLog {
  readonly #file: string | undefined;
  readonly #intervals: TruthInterval[] = [];
  readonly #open = new Map<string, TruthInterval>();
  /** Keys of the open intervals of each object, by its uid. */
  readonly #openOf = new Map<string, Set<string>>();

  /** `file` keeps the log over restarts. */
  constructor(file?: string) {
    this.#file = file;
    if (file !== undefined && existsSync(file)) this.#replay(readFileSync(file, 'utf8'));
  }

  /** Follows a store: what is there now first, then every change. */
  follow(store: MemoryStore): void {
    const present = new Set<string>();
    for (const resource of TRUTH_RESOURCES) {
      for (const object of store.list(resource)) {
        present.add(object.metadata.uid ?? '');
        this.#observe(resource, object);
      }
    }
    for (const uid of [...this.#openOf.keys()]) if (!present.has(uid)) this.#settle(uid, []);
    store.onCommit(({ kind, event }) => {
      const resource = resourceKey(kind);
      if (!TRUTH_RESOURCES.includes(resource)) return;
      const { object } = event.version;
      if (event.type === 'DELETED') this.#settle(object.metadata.uid ?? '', []);
      else this.#observe(resource, object);
    });
  }

  /** All intervals, oldest first. */
  intervals({ namespace, meter }: TruthQuery = {}): TruthInterval[] {
    return this.#intervals.filter(
      (one) => (namespace === undefined || one.namespace === namespace) && (meter === undefined || one.meter === meter),
    );
  }

  #observe(resource: string, object: KubeObject): void {
    this.#settle(object.metadata.uid ?? '', factsOf(resource, object));
  }

  #settle(uid: string, facts: readonly TruthFact[]): void {
    const now = new Date().toISOString();
    const wanted = new Map(facts.map((fact) => [factKey(fact), fact]));
    for (const key of this.#openOf.get(uid) ?? []) if (!wanted.has(key)) this.#write({ close: key, to: now });
    for (const [key, fact] of wanted) if (!this.#open.has(key)) this.#write({ open: { ...fact, from: now } });
  }

  #write(line: Line): void {
    this.#apply(line);
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify(line)}\n`);
  }

  #apply(line: Line): void {
    if ('open' in line) {
      const key = factKey(line.open);
      this.#intervals.push(line.open);
      this.#open.set(key, line.open);
      this.#openOf.set(line.open.uid, (this.#openOf.get(line.open.uid) ?? new Set()).add(key));
      return;
    }
    const interval = this.#open.get(line.close);
    if (interval === undefined) return;
    interval.to = line.to;
    this.#open.delete(line.close);
    const others = this.#openOf.get(interval.uid);
    others?.delete(line.close);
    if (others?.size === 0) this.#openOf.delete(interval.uid);
  }

  /** A line that a crash cut in half is the last one and is left out. */
  #replay(text: string): void {
    for (const line of text.split('\n')) {
      if (line === '') continue;
      try {
        this.#apply(JSON.parse(line) as Line);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
      }
    }
  }
}
