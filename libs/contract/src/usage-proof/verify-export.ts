/**
 * Whether an export is what was metered: nothing missing, nothing doubled, nothing changed. Needs the file, its manifest
 * and the published keys, and no access to the control plane.
 *
 * Pure apart from hashing. It goes on after a fault, so that one report tells everything.
 */
import { createHash } from 'node:crypto';
import { chainText, type Meter } from '@compute/domain';
import { CSV_COLUMNS, type ExportedEvent, type ExportFormat, readExported } from './exported-event.ts';
import {
  type SignedUsageManifest,
  USAGE_CHECKPOINT_TYPE,
  USAGE_MANIFEST_TYPE,
  type UsageManifest,
} from './manifest.ts';
import { MeteredTime } from './metered-time.ts';
import { openStatement, type VerificationKeys } from './signed-statement.ts';

const MOST_PROBLEMS = 100;

export interface ExportProblem {
  /** Counted from 1; absent for what concerns the export as a whole. */
  readonly line?: number;
  readonly message: string;
}

/** Places of the chain that a restore of the database took back: what was handed out with them does not count. */
export interface WithdrawnPlaces {
  readonly at: string;
  readonly withdrawnFrom: string;
  readonly withdrawnTo: string;
}

export interface ExportVerdict {
  readonly ok: boolean;
  /** Said by a signed checkpoint at which the export begins. */
  readonly withdrawn: readonly WithdrawnPlaces[];
  readonly events: number;
  readonly sums: Readonly<Partial<Record<Meter, { readonly events: number; readonly durationMs: number }>>>;
  /** The first hundred. */
  readonly problems: readonly ExportProblem[];
}

export interface ExportToVerify {
  /** Lines without their newline. */
  readonly lines: AsyncIterable<string> | Iterable<string>;
  readonly format: ExportFormat;
  readonly signed: SignedUsageManifest;
  readonly keys: VerificationKeys;
}

export async function verifyExport({ lines, format, signed, keys }: ExportToVerify): Promise<ExportVerdict> {
  const check = new ExportCheck(signed, keys);
  let number = 0;
  for await (const line of lines) {
    number += 1;
    if (format === 'csv' && number === 1) check.header(line);
    else if (line !== '') check.line(line, number, format);
  }
  return check.end();
}

class ExportCheck {
  readonly #problems: ExportProblem[] = [];
  readonly #manifest: UsageManifest;
  readonly #sums: Partial<Record<Meter, { events: number; durationMs: number }>> = {};
  readonly #time = new MeteredTime();
  readonly #withdrawn: WithdrawnPlaces[] = [];
  #events = 0;
  #previous: string;

  constructor(signed: SignedUsageManifest, keys: VerificationKeys) {
    this.#manifest = this.#trusted(signed, keys);
    this.#previous = this.#manifest.previousHash;
    this.#checkpoints(keys);
  }

  header(line: string): void {
    if (line !== CSV_COLUMNS.join(',')) this.#fault('The first line does not name the columns of an export.', 1);
  }

  line(line: string, number: number, format: ExportFormat): void {
    try {
      this.#event(readExported(line, format), number);
    } catch (error) {
      this.#fault(`The line cannot be read: ${error instanceof Error ? error.message : 'not an event'}.`, number);
    }
  }

  end(): ExportVerdict {
    const { count, lastHash, sums } = this.#manifest;
    if (this.#events !== count) this.#fault(`There are ${this.#events} events; the manifest says ${count}.`);
    if (this.#previous !== lastHash) this.#fault('The chain does not end with the hash of the manifest.');
    for (const { meter, events, durationMs } of sums) {
      const found = this.#sums[meter] ?? { events: 0, durationMs: 0 };
      if (found.events === events && found.durationMs === durationMs) continue;
      this.#fault(
        `${meter} comes to ${found.durationMs} ms in ${found.events} events, not ${durationMs} ms in ${events}.`,
      );
    }
    const [problems, withdrawn] = [this.#problems, this.#withdrawn];
    return { ok: problems.length === 0, events: this.#events, sums: this.#sums, problems, withdrawn };
  }

  /** What the signed statement says counts; what is written beside it must be the same. */
  #trusted({ manifest, statement }: SignedUsageManifest, keys: VerificationKeys): UsageManifest {
    const said = openStatement(statement, keys);
    if (said === undefined || said.type !== USAGE_MANIFEST_TYPE) {
      this.#fault('The manifest is not signed by a published key.');
      return manifest;
    }
    if (JSON.stringify(said) !== JSON.stringify(manifest))
      this.#fault('The manifest differs from its signed statement.');
    return said as unknown as UsageManifest;
  }

  #checkpoints(keys: VerificationKeys): void {
    const { project, previousHash, lastHash, checkpoints } = this.#manifest;
    for (const statement of checkpoints) {
      const said = openStatement(statement, keys);
      const fits = said?.chainHash === previousHash || said?.chainHash === lastHash;
      if (said?.type === USAGE_CHECKPOINT_TYPE && said.project === project && fits) {
        if (said.restored !== undefined) this.#withdrawn.push(said.restored as WithdrawnPlaces);
        continue;
      }
      this.#fault('A checkpoint of the manifest is not signed by a published key, or is of another chain.');
    }
  }

  #event({ facts, chainHash }: ExportedEvent, line: number): void {
    const expected = BigInt(this.#manifest.firstChainPosition) + BigInt(this.#events);
    this.#events += 1;
    if (facts.project !== this.#manifest.project) this.#fault(`The event is of the project '${facts.project}'.`, line);
    if (BigInt(facts.chainPosition) !== expected)
      this.#fault(`The event has the place ${facts.chainPosition} in the chain; ${expected} was to follow.`, line);
    const hash = createHash('sha256').update(chainText(this.#previous, facts)).digest('hex');
    if (hash !== chainHash) this.#fault('The hash does not fit: this event, or one before it, was changed.', line);
    // Further lines are judged against what they claim, so that one change is one problem.
    this.#previous = chainHash;
    this.#interval(facts, line);
    this.#add(facts.meter, facts.durationMs);
  }

  #interval({ uid, meter, from, to, durationMs, corrects }: ExportedEvent['facts'], line: number): void {
    const spanMs = to.getTime() - from.getTime();
    if (Math.abs(durationMs) !== spanMs) this.#fault('The duration is not that of the interval.', line);
    if (corrects !== undefined) return;
    if (this.#time.add(`${uid}/${meter}`, from.getTime(), to.getTime()))
      this.#fault('Time of the interval is there twice.', line);
  }

  #add(meter: Meter, durationMs: number): void {
    const sum = this.#sums[meter] ?? { events: 0, durationMs: 0 };
    this.#sums[meter] = { events: sum.events + 1, durationMs: sum.durationMs + durationMs };
  }

  #fault(message: string, line?: number): void {
    if (this.#problems.length < MOST_PROBLEMS)
      this.#problems.push({ ...(line === undefined ? {} : { line }), message });
  }
}
