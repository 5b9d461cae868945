/**
 * What was true of one resource, kept beside the product and by rules of its own: when which phase was reached and what it
 * was charged for. From that follows what the bill must be, to the millisecond.
 *
 * The one rule besides "it counts from when it happened": nobody is billed twice for the same time. News that come after
 * their period was closed, or that a clock dates before what is known already, count from there.
 */
import { DISK_METERS, type Dimensions, type DiskPhase, type Kind, VM_METERS, type VmPhase } from '@compute/domain';

export interface TrueCharge {
  /** Dimensions of what runs by phase. */
  readonly size: Dimensions;
  /** How the address is assigned that it holds. */
  readonly ipMethod?: string;
}

export interface TrueSpan {
  readonly meter: string;
  readonly dimensions: Dimensions;
  readonly from: number;
  readonly to: number;
}

interface Segment {
  readonly from: number;
  readonly phase: string;
  readonly charge: TrueCharge;
}

export class Truth {
  readonly #kind: Kind;
  readonly #segments: Segment[];
  /** Up to where the meters that run have been billed. */
  #billedUntil = 0;

  constructor(kind: Kind, at: number, charge: TrueCharge) {
    this.#kind = kind;
    this.#segments = [{ from: at, phase: 'Pending', charge }];
  }

  get phase(): string {
    return this.#present.phase;
  }

  get charge(): TrueCharge {
    return this.#present.charge;
  }

  /** Something changed at `now`; it happened at `happenedAt`, when somebody can tell. */
  change(now: number, change: Partial<Omit<Segment, 'from'>>, happenedAt: number = now): void {
    const next = { ...this.#present, ...change };
    if (JSON.stringify(next) === JSON.stringify(this.#present)) return;
    const runs = this.#meters(this.#present).length > 0;
    const known = Math.max(this.#present.from, runs ? this.#billedUntil : 0);
    this.#segments.push({ ...next, from: Math.max(Math.min(happenedAt, now), known) });
  }

  /** A period was closed: what runs has been billed up to its end. */
  cut(boundary: number): void {
    if (this.#meters(this.#present).length > 0) this.#billedUntil = Math.max(this.#billedUntil, boundary);
  }

  /** Everything that must be on the bill. Only once nothing runs any more. */
  spans(): TrueSpan[] {
    return this.#segments.flatMap((segment, index) => {
      const to = this.#segments[index + 1]?.from ?? segment.from;
      return this.#meters(segment).map((meter) => ({ ...meter, from: segment.from, to }));
    });
  }

  get #present(): Segment {
    const last = this.#segments.at(-1);
    if (last === undefined) throw new Error('a truth has a beginning');
    return last;
  }

  #meters({ phase, charge }: Segment): { meter: string; dimensions: Dimensions }[] {
    const byPhase: readonly string[] =
      (this.#kind === 'VMDisk' ? DISK_METERS[phase as DiskPhase] : VM_METERS[phase as VmPhase]) ?? [];
    const holdsIp = charge.ipMethod !== undefined && phase !== 'Deleting' && phase !== 'Deleted';
    return [
      ...byPhase.map((meter) => ({ meter, dimensions: charge.size })),
      ...(holdsIp ? [{ meter: 'ip.held', dimensions: { method: charge.ipMethod ?? '' } }] : []),
    ];
  }
}
