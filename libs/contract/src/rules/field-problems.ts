/** Turns what Zod found into our field problems: one per fault, with a JSON pointer, a stable code and a sentence. */
import type { FieldProblem } from '@compute/domain';
import type { core } from 'zod';
import { nearest } from './nearest.ts';

type Issue = core.$ZodIssue;
type Path = readonly PropertyKey[];

/** A JSON pointer (RFC 6901) of a path of keys and indexes. */
export function pointerOf(path: Path): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** The keys of a JSON pointer. */
export function pathOf(pointer: string): string[] {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/**
 * All problems of a failed parse. `knownKeys` is asked for the keys that are allowed at a pointer, to suggest one
 * that a misspelt key resembles.
 */
export function fieldProblems(
  issues: readonly Issue[],
  knownKeys: (pointer: string) => readonly string[] = () => [],
): FieldProblem[] {
  return issues.flatMap((issue) => problemsOf(issue, [], knownKeys));
}

function problemsOf(issue: Issue, base: Path, knownKeys: (pointer: string) => readonly string[]): FieldProblem[] {
  const path = [...base, ...issue.path];
  const pointer = pointerOf(path);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      pointer: pointerOf([...path, key]),
      code: 'unknown_field',
      message: unknownField(key, knownKeys(pointer)),
    }));
  }
  if (issue.code === 'invalid_union') {
    const branch = issue.errors.find((errors) => errors.every((inner) => inner.path.length > 0 || !isWrongType(inner)));
    if (branch) return branch.flatMap((inner) => problemsOf(inner, path, knownKeys));
  }
  return [{ pointer, ...describe(issue) }];
}

// A literal of a union is one of its types.
const isWrongType = ({ code }: Issue): boolean => code === 'invalid_type' || code === 'invalid_value';

function describe(issue: Issue): { code: string; message: string } {
  switch (issue.code) {
    case 'invalid_type':
      // Zod says so in no other way: an absent value is told from a wrong one by its message.
      if (issue.message.endsWith('received undefined')) return { code: 'required', message: 'This field is required.' };
      return { code: 'invalid_type', message: `Expected ${TYPE_NAMES[issue.expected] ?? issue.expected}.` };
    case 'invalid_value': {
      const message = `Must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}.`;
      return { code: 'invalid_value', message };
    }
    case 'too_big':
      return { code: tooMuch(issue.origin), message: `At most ${issue.maximum}${unitOf(issue.origin)}.` };
    case 'too_small':
      return { code: tooLittle(issue.origin), message: `At least ${issue.minimum}${unitOf(issue.origin)}.` };
    case 'invalid_union':
      return { code: 'invalid_type', message: issue.message === ZOD_DEFAULT ? NO_FORM : issue.message };
    default:
      return { code: issue.code === 'custom' ? 'invalid_value' : issue.code, message: issue.message };
  }
}

const ZOD_DEFAULT = 'Invalid input';
const NO_FORM = 'None of the forms that are allowed here.';

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'a text (in quotes)',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
};

const tooMuch = (origin: string): string =>
  origin === 'string' ? 'too_long' : origin === 'array' ? 'too_many' : 'out_of_range';
const tooLittle = (origin: string): string =>
  origin === 'string' ? 'required' : origin === 'array' ? 'required' : 'out_of_range';
const unitOf = (origin: string): string => (origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : '');

function unknownField(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  const name = key.slice(0, 60);
  return near === undefined
    ? `There is no field '${name}' here.`
    : `There is no field '${name}' here. Is '${near}' meant?`;
}
