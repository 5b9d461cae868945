/** The outcome of all combinations as a table: a row for each case, a column for each cluster. Pure. */

export interface CaseResult {
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'not run';
  /** Why it was not run. */
  readonly reason?: string;
}

export interface Outcome {
  /** Of the combination. */
  readonly name: string;
  readonly cases?: readonly CaseResult[];
  /** Why none of its cases ran. */
  readonly notRun?: string;
}

export interface Matrix {
  readonly lines: readonly string[];
  readonly passed: number;
  readonly failed: number;
}

const MARKS: Readonly<Record<CaseResult['status'], string>> = { passed: 'pass', failed: 'FAIL', 'not run': '-' };

export function matrixOf(outcomes: readonly Outcome[]): Matrix {
  const rows = [...new Set(outcomes.flatMap(({ cases = [] }) => cases.map(({ name }) => name)))];
  const width = Math.max(4, ...rows.map((row) => row.length));
  const header = `${'case'.padEnd(width)}  ${outcomes.map(({ name }) => name).join('  ')}`;
  const body = rows.map((row) => {
    const cells = outcomes.map((outcome) => cellOf(outcome, row).padEnd(outcome.name.length));
    return `${row.padEnd(width)}  ${cells.join('  ')}`.trimEnd();
  });
  const all = outcomes.flatMap(({ cases = [] }) => cases);
  return {
    lines: ['', header, ...body, '', ...reasons(outcomes)],
    passed: all.filter(({ status }) => status === 'passed').length,
    failed: all.filter(({ status }) => status === 'failed').length,
  };
}

function cellOf({ cases }: Outcome, row: string): string {
  const found = cases?.find(({ name }) => name === row);
  return found === undefined ? '-' : MARKS[found.status];
}

/** One line for each thing that was not run, however many cases it was. */
function reasons(outcomes: readonly Outcome[]): string[] {
  return outcomes.flatMap(({ name, notRun, cases = [] }) => [
    ...(notRun === undefined ? [] : [`${name} was not run: ${notRun}`]),
    ...cases.flatMap((one) =>
      one.status === 'not run'
        ? [`${name}: "${one.name}" was not run: ${one.reason ?? 'something before it failed'}`]
        : [],
    ),
  ]);
}
