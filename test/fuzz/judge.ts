/**
 * What an answer must never be: a failure of the server, a word of another tenant, or no answer at all. Each kind of
 * fault is told once, with the line that shows it again.
 */
import type { Tenants } from './tenants.ts';

export interface Answer {
  readonly face: 'rest' | 'grpc' | 'kube';
  /** The route or method: faults are told apart by it. */
  readonly route: string;
  readonly key: string;
  /** The status as this face says it: `500`, `INTERNAL`. */
  readonly status: string;
  readonly text: string;
  /** What is wrong with the answer's form, if anything. */
  readonly malformed?: string;
  /** A line for the shell; made only when it is needed. */
  readonly again: () => string;
}

const SERVER_FAULT = /^(5\d\d|INTERNAL|UNKNOWN|DATA_LOSS)$/;
/** What nobody outside needs: places in the code, words of the database, objects printed by mistake. */
const INSIDES =
  /\bat \S+ \(.*:\d+:\d+\)|node_modules|PrismaClient|\bpg_|violates (?:check|unique|foreign)|\[object Object\]/;
const SHOWN = 600;

export class Judge {
  readonly #tenants: Pick<Tenants, 'canary' | 'adminKey'>;
  readonly #say: (line: string) => void;
  readonly #faults = new Map<string, number>();
  readonly #statuses = new Map<string, number>();

  constructor(tenants: Pick<Tenants, 'canary' | 'adminKey'>, say: (line: string) => void) {
    this.#tenants = tenants;
    this.#say = say;
  }

  answered(answer: Answer): void {
    const counted = `${answer.face} ${answer.status}`;
    this.#statuses.set(counted, (this.#statuses.get(counted) ?? 0) + 1);
    const wrong = this.#wrongWith(answer);
    if (wrong)
      this.fault(`${answer.face} ${answer.route}: ${wrong}`, `${answer.text.slice(0, SHOWN)}\n  ${answer.again()}`);
  }

  /** Tells of a fault, at its first time. */
  fault(what: string, evidence = ''): void {
    const times = (this.#faults.get(what) ?? 0) + 1;
    this.#faults.set(what, times);
    if (times === 1) this.#say(`FAULT ${what}\n  ${evidence}`);
  }

  get faults(): readonly string[] {
    return [...this.#faults].map(([what, times]) => `${what} (${times} times)`);
  }

  /** `rest 200`: how often. */
  get statuses(): ReadonlyMap<string, number> {
    return this.#statuses;
  }

  #wrongWith({ status, text, key, malformed }: Answer): string | undefined {
    if (SERVER_FAULT.test(status)) return `answers ${status}`;
    if (key !== this.#tenants.adminKey && text.includes(this.#tenants.canary)) return 'tells what another tenant has';
    if (INSIDES.test(text)) return 'tells of its insides';
    return malformed;
  }
}
