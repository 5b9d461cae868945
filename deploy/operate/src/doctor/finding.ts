/** What a look at an installation finds. */

export type FindingLevel = 'ok' | 'warning' | 'error';

export interface Finding {
  readonly area: 'database' | 'redis' | 'cluster';
  readonly level: FindingLevel;
  /** One sentence: what is so. */
  readonly finding: string;
  /** What to do about it; absent when it is well. */
  readonly remedy?: string;
}

/** One part of an installation, to say findings of. */
export class Findings {
  readonly all: Finding[] = [];
  readonly #area: Finding['area'];

  constructor(area: Finding['area']) {
    this.#area = area;
  }

  ok(finding: string): void {
    this.all.push({ area: this.#area, level: 'ok', finding });
  }

  warning(finding: string, remedy: string): void {
    this.all.push({ area: this.#area, level: 'warning', finding, remedy });
  }

  error(finding: string, remedy: string): void {
    this.all.push({ area: this.#area, level: 'error', finding, remedy });
  }

  /** Well where nothing is named, else an error that names everything. */
  none(named: readonly string[], well: string, finding: (list: string) => string, remedy: string): void {
    if (named.length === 0) this.ok(well);
    else this.error(finding(named.join(', ')), remedy);
  }
}

/** A clock beside this machine's. */
export function judgeClock(findings: Findings, whose: string, skewMs: number, precisionMs: number): void {
  const off = `The clock of ${whose} is ${(Math.abs(skewMs) / 1_000).toFixed(1)} s ${skewMs < 0 ? 'behind' : 'ahead of'} this machine’s.`;
  const remedy = 'Let all machines keep their time with NTP; history and bills bear the database’s time.';
  if (Math.abs(skewMs) <= precisionMs + 1_000) findings.ok(`The clock of ${whose} agrees with this machine’s.`);
  else if (Math.abs(skewMs) <= precisionMs + 10_000) findings.warning(off, remedy);
  else findings.error(off, remedy);
}
