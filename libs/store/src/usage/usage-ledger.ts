/**
 * The meters of the resources that one batch touches. After each command it compares what runs with what should run
 * (`metersOf` of the domain) and closes and opens intervals, so that nobody can change a phase and forget the bill.
 */
import { type AnyResource, type Dimensions, metersOf, type OpenMeter } from '@compute/domain';
import { canonicalJson } from '../canonical-json.ts';
import { intervalsBetween, usageEventId } from './intervals.ts';

export interface OpenMeterRow {
  readonly uid: string;
  readonly meter: string;
  readonly project: string;
  readonly kind: string;
  readonly name: string;
  readonly dimensions: Dimensions;
  readonly opened_at: Date;
}

interface RunningMeter extends OpenMeterRow {
  readonly stored: boolean;
}

export interface UsageEventRow extends Omit<OpenMeterRow, 'opened_at'> {
  readonly id: string;
  readonly from: Date;
  readonly to: Date;
}

export class UsageLedger {
  /** By uid, then by meter. */
  readonly #running = new Map<string, Map<string, RunningMeter>>();
  readonly #closed: OpenMeterRow[] = [];
  readonly #events: UsageEventRow[] = [];
  readonly #periodMs: number;

  constructor(periodMs: number) {
    this.#periodMs = periodMs;
  }

  load(rows: readonly OpenMeterRow[]): void {
    for (const row of rows) this.#keep({ ...row, stored: true });
  }

  /**
   * The earliest time that a change of this resource may bear: what was already billed stays billed, so news that come
   * after a period was closed count from its end, in history and on the bill alike.
   */
  earliest(uid: string): Date | undefined {
    const opened = this.#metersOf(uid).map((meter) => meter.opened_at.getTime());
    return opened.length === 0 ? undefined : new Date(Math.max(...opened));
  }

  /** Makes the running meters those of the resource's present state. */
  settle(resource: AnyResource, at: Date): void {
    const wanted = new Map(metersOf(resource).map((meter) => [meter.meter as string, meter]));
    for (const running of this.#metersOf(resource.uid)) {
      const same = wanted.get(running.meter);
      if (same && canonicalJson(same.dimensions) === canonicalJson(running.dimensions)) wanted.delete(running.meter);
      else this.#close(running, at);
    }
    for (const meter of wanted.values()) this.#open(resource, meter, at);
  }

  /** Closes all meters of a resource that goes. */
  end(uid: string, at: Date): void {
    for (const running of this.#metersOf(uid)) this.#close(running, at);
  }

  /** Rows of `usage_open` to delete. */
  closed(): readonly OpenMeterRow[] {
    return this.#closed;
  }

  /** Rows of `usage_open` to insert. */
  opened(): readonly OpenMeterRow[] {
    return [...this.#running.values()].flatMap((meters) => [...meters.values()]).filter((meter) => !meter.stored);
  }

  events(): readonly UsageEventRow[] {
    return this.#events;
  }

  #metersOf(uid: string): RunningMeter[] {
    return [...(this.#running.get(uid)?.values() ?? [])];
  }

  #open(resource: AnyResource, { meter, dimensions }: OpenMeter, at: Date): void {
    const { uid, project, kind, name } = resource;
    this.#keep({ uid, meter, project, kind, name, dimensions, opened_at: at, stored: false });
  }

  #keep(meter: RunningMeter): void {
    const meters = this.#running.get(meter.uid) ?? new Map<string, RunningMeter>();
    this.#running.set(meter.uid, meters.set(meter.meter, meter));
  }

  #close(running: RunningMeter, at: Date): void {
    this.#running.get(running.uid)?.delete(running.meter);
    if (running.stored) this.#closed.push(running);
    this.#events.push(...eventsOf(running, at, this.#periodMs));
  }
}

/** The events of a meter from when it opened until `to`, one for each period that it touches. */
export function eventsOf(open: OpenMeterRow, to: Date, periodMs: number): UsageEventRow[] {
  const { uid, meter, project, kind, name, dimensions } = open;
  return intervalsBetween(open.opened_at, to, periodMs).map((interval) => ({
    id: usageEventId(uid, meter, interval.from),
    uid,
    meter,
    project,
    kind,
    name,
    dimensions,
    from: interval.from,
    to: interval.to,
  }));
}
