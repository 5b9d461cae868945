/** The result of checking something a user wrote: everything that is wrong, and everything worth a word. */
import type { FieldProblem } from './fault.ts';

/** Accepted, but the user should know. */
export interface Warning {
  readonly pointer: string;
  readonly code: string;
  readonly message: string;
}

export interface Verdict {
  readonly problems: readonly FieldProblem[];
  readonly warnings: readonly Warning[];
}

/** Collects problems and warnings; the order of calls is the order of the report. */
export class Findings implements Verdict {
  readonly problems: FieldProblem[] = [];
  readonly warnings: Warning[] = [];

  refuse(pointer: string, code: string, message: string): void {
    this.problems.push({ pointer, code, message });
  }

  warn(pointer: string, code: string, message: string): void {
    this.warnings.push({ pointer, code, message });
  }
}
