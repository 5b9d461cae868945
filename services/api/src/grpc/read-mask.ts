/**
 * Which fields of a message a reply carries (AIP-157): paths of at most two levels, in the words of the messages. What
 * may be named is what the view of the kind has, so a mask and `fields` of REST know the same.
 */
import { faultOf, parseFields, type ViewName } from '@compute/contract';
import type { FieldProblem } from '@compute/domain';

type Path = readonly string[];

/** Where a message has another word than the view. */
const VIEW_WORDS: Readonly<Record<string, string>> = {
  project: 'namespace',
  createTime: 'creationTimestamp',
  updateTime: 'updateTimestamp',
  deleteTime: 'deletionTimestamp',
};

/** Keeps of a message what the mask names; throws `InvalidArgument` for a path that no message has. */
export function readMask(view: ViewName, mask: readonly string[] | undefined): (message: object) => object {
  const problems = maskProblems(view, mask);
  if (problems.length > 0) throw faultOf(problems, 'The read mask');
  return keptBy(mask);
}

/** What is wrong with a mask: for who names it together with other things. */
export function maskProblems(view: ViewName, mask: readonly string[] = []): FieldProblem[] {
  return pathsOf(mask).flatMap((path, index) => problemsOf(view, path, mask[index] ?? '', `/readMask/${index}`));
}

/** Keeps of a message what a sound mask names. */
export function keptBy(mask: readonly string[] = []): (message: object) => object {
  const paths = pathsOf(mask);
  if (paths.length === 0 || paths.some(([key]) => key === '*')) return (message) => message;
  return (message) => paths.reduce((kept, path) => withPath(kept, message, path), {});
}

const pathsOf = (mask: readonly string[]): Path[] => mask.map((path) => path.split('.').map(camelCase));

function problemsOf(view: ViewName, path: Path, text: string, pointer: string): FieldProblem[] {
  if (path.length === 1 && (path[0] === '*' || path[0] === 'etag')) return [];
  const [first = '', ...rest] = path;
  const words = [first, ...rest.map((key) => (first === 'metadata' ? (VIEW_WORDS[key] ?? key) : key))];
  const isKnown = path.length <= 2 && parseFields(view, words.join('.')).problems.length === 0;
  if (isKnown) return [];
  const message = `There is no field '${text.slice(0, 80)}' to read; masks go two levels deep.`;
  return [{ pointer, code: 'unknown_field', message }];
}

function withPath(kept: object, message: object, [first = '', second]: Path): object {
  const inner: unknown = Reflect.get(message, first);
  if (second === undefined || typeof inner !== 'object' || inner === null) return { ...kept, [first]: inner };
  const before: unknown = Reflect.get(kept, first);
  // The whole was asked for already.
  if (before === inner) return kept;
  return { ...kept, [first]: { ...(before as object | undefined), [second]: Reflect.get(inner, second) } };
}

const camelCase = (word: string): string => word.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
