/** Field problems as the one fault that carries them all. */
import { Fault, type FieldProblem } from '@compute/domain';

const IMMUTABLE_CODES: ReadonlySet<string> = new Set(['immutable', 'shrink']);

/** The code says what is wrong when all problems are of one sort; otherwise the request is just invalid. */
export function faultOf(problems: readonly FieldProblem[], what = 'The request'): Fault {
  const count = problems.length;
  const [first] = problems;
  const message =
    count === 1 && first
      ? `${first.pointer === '' ? what : first.pointer}: ${first.message}`
      : `${what} has ${count} errors.`;
  return new Fault(codeOf(problems), message, { fields: problems });
}

function codeOf(problems: readonly FieldProblem[]): 'InvalidArgument' | 'UnknownField' | 'ImmutableField' {
  if (problems.length === 0) return 'InvalidArgument';
  if (problems.every((problem) => problem.code === 'unknown_field')) return 'UnknownField';
  if (problems.every((problem) => IMMUTABLE_CODES.has(problem.code))) return 'ImmutableField';
  return 'InvalidArgument';
}
