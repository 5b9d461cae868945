/**
 * Plays the history of a seed on a stage, keeps a model of what was accepted, and looks afterwards whether everything is as
 * it must be: what was accepted stands and is true in the cluster, and nothing else does.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { AnyResource } from '@compute/domain';
import { problemsOf, rowsOf } from '../invariants.ts';
import { eventually } from '../stage/eventually.ts';
import { Refused } from '../stage/rest.ts';
import type { Stage } from '../stage/stage.ts';
import { historyPlan, type Step } from './history-plan.ts';

const REST_WITHIN_MS = 120_000;

type Kind = 'VMDisk' | 'VMInstance';

/** What the API has accepted and not yet been asked to delete. */
type Model = Map<string, { readonly kind: Kind; readonly name: string; spec: Record<string, unknown> }>;

export interface HistoryResult {
  readonly seed: number;
  readonly accepted: number;
  readonly problems: readonly string[];
}

/** Runs one seed in a project of its own. Never rejects: what goes wrong is among the problems. */
export async function runHistory(stage: Stage, seed: number): Promise<HistoryResult> {
  const play = new Play(stage, seed);
  try {
    return { seed, accepted: await play.all(), problems: await play.verdict() };
  } catch (error) {
    return { seed, accepted: 0, problems: [`seed-${seed}: ${error}`] };
  }
}

class Play {
  readonly #stage: Stage;
  readonly #seed: number;
  readonly #project: string;
  readonly #model: Model = new Map();
  readonly #faults: string[] = [];

  constructor(stage: Stage, seed: number) {
    this.#stage = stage;
    this.#seed = seed;
    this.#project = `seed-${seed}`;
  }

  /** Returns how many wishes were accepted. */
  async all(): Promise<number> {
    await this.#stage.store.createProject(this.#project);
    let accepted = 0;
    for (const step of historyPlan(this.#seed)) if (await this.#take(step)) accepted += 1;
    for (const id of this.#faults) this.#stage.simulator.faults.clear(id);
    return accepted;
  }

  async verdict(): Promise<string[]> {
    const present = await this.#settled('comes to rest', async () => [
      ...(await problemsOf(this.#stage, this.#project)),
      ...(await this.#modelProblems()),
    ]);
    if (present.length > 0) return present;
    await this.#deleteAll();
    return this.#settled('is empty again', async () => {
      const left = (await rowsOf(this.#stage.store, this.#project)).map(
        ({ name, phase }) => `${name} is left: ${phase}`,
      );
      const used = (await this.#stage.store.quota.counters(this.#project)).filter((counter) => counter.used > 0);
      return [
        ...left,
        ...used.map((one) => `quota is left: ${JSON.stringify(one)}`),
        ...(await problemsOf(this.#stage, this.#project)),
      ];
    });
  }

  /** The problems that remain when the time is over; none as soon as there are none. */
  async #settled(what: string, look: () => Promise<string[]>): Promise<string[]> {
    let last: string[] = [];
    const clean = eventually(`${this.#project} ${what}`, REST_WITHIN_MS, async () => {
      last = await look();
      return last.length === 0 ? last : undefined;
    });
    return clean.catch((error: unknown) => (last.length > 0 ? last : [String(error)]));
  }

  async #modelProblems(): Promise<string[]> {
    const rows = await rowsOf(this.#stage.store, this.#project);
    const found = new Map(rows.map((row) => [`${row.kind}/${row.name}`, row]));
    return [
      ...[...found.keys()]
        .filter((key) => !this.#model.has(key))
        .map((key) => `${this.#project}: ${key} is there, though it was deleted`),
      ...[...this.#model].flatMap(([key, { spec }]) => this.#lost(key, spec, found.get(key))),
    ];
  }

  /** What was accepted and does not read back. */
  #lost(key: string, wanted: Record<string, unknown>, row: AnyResource | undefined): string[] {
    if (row === undefined) return [`${this.#project}: ${key} was accepted and is not there`];
    const spec = row.spec as unknown as Record<string, unknown>;
    return Object.entries(wanted).flatMap(([field, value]) =>
      JSON.stringify(spec[field]) === JSON.stringify(value)
        ? []
        : [
            `${this.#project}: ${key}.${field} is ${JSON.stringify(spec[field])}, accepted was ${JSON.stringify(value)}`,
          ],
    );
  }

  async #deleteAll(): Promise<void> {
    for (const kind of ['VMInstance', 'VMDisk'] as const)
      for (const one of [...this.#model.values()].filter((each) => each.kind === kind)) {
        await eventually(`${one.name} may go`, REST_WITHIN_MS, async () => {
          await this.#stage.rest.delete(this.#project, kind, one.name);
          return true;
        });
        this.#model.delete(`${kind}/${one.name}`);
      }
  }

  async #take(step: Step): Promise<boolean> {
    const { rest, servers, simulator, workers } = this.#stage;
    switch (step.do) {
      case 'createDisk': {
        const source = step.isDownload ? { http: { url: `${this.#stage.images.url}ubuntu.qcow2` } } : {};
        return this.#create('VMDisk', step.name, { source, storage: `${step.gib}Gi`, storageClass: 'replicated' });
      }
      case 'createVm': {
        const { disks, running } = step;
        const spec = { instanceType: 'u1.medium', instanceProfile: 'ubuntu', disks, running };
        return this.#create('VMInstance', step.name, spec);
      }
      case 'growDisk':
        return this.#edit('VMDisk', step.name, { storage: `${step.gib}Gi` });
      case 'editVm':
        return this.#edit('VMInstance', step.name, step.change);
      case 'power':
        return this.#power(step.name, step.verb);
      case 'delete':
        return this.#wish(
          () => rest.delete(this.#project, step.kind, step.name),
          () => this.#model.delete(`${step.kind}/${step.name}`),
        );
      case 'fault':
        this.#setFault(step);
        return false;
      case 'crash':
        await workers[0]?.kill();
        return false;
      case 'flush':
        await servers.flushRedis();
        return false;
      case 'forgetWatches':
        simulator.server.store.expireHistory(undefined);
        return false;
      case 'wait':
        await pause(step.ms);
        return false;
    }
  }

  #setFault({ effect, probability, forMs }: Extract<Step, { do: 'fault' }>): void {
    const { faults } = this.#stage.simulator;
    this.#faults.push(faults.set({ effect, probability, durationMs: forMs, seed: this.#seed }));
  }

  #create(kind: Kind, name: string, spec: Record<string, unknown>): Promise<boolean> {
    return this.#wish(
      () => this.#stage.rest.create(this.#project, kind, name, spec),
      () => this.#model.set(`${kind}/${name}`, { kind, name, spec }),
    );
  }

  #edit(kind: Kind, name: string, change: Record<string, unknown>): Promise<boolean> {
    return this.#wish(
      () => this.#stage.rest.edit(this.#project, kind, name, change),
      () => Object.assign(this.#model.get(`${kind}/${name}`)?.spec ?? {}, change),
    );
  }

  #power(name: string, verb: 'start' | 'stop' | 'restart'): Promise<boolean> {
    return this.#wish(
      () => this.#stage.rest.act(this.#project, 'VMInstance', name, verb),
      () => {
        const spec = this.#model.get(`VMInstance/${name}`)?.spec;
        if (spec !== undefined && verb !== 'restart') spec.running = verb === 'start';
      },
    );
  }

  /** A wish that the API refuses changes nothing; one that it accepts must come true. */
  async #wish(ask: () => Promise<unknown>, remember: () => unknown): Promise<boolean> {
    try {
      await ask();
    } catch (error) {
      if (error instanceof Refused) return false;
      throw error;
    }
    remember();
    return true;
  }
}
