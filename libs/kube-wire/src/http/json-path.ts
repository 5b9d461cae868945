/**
 * The JSONPath dialect of printer columns and selectable fields: `.a.b`, `.a[0]`, `.a['b.c']`, `.a[*].b`,
 * `.a[?(@.type=="Ready")].status`, and `\.` for dots inside keys. Paths are compiled once.
 */
import { isFields } from '../protocol/kube-object.ts';

type Step =
  | { type: 'field'; name: string }
  | { type: 'index'; at: number }
  | { type: 'all' }
  | { type: 'filter'; field: string; equal: boolean; value: string };

/** Returns every value the path selects, in order. */
export type PathReader = (value: unknown) => unknown[];

const compiled = new Map<string, PathReader>();

/** Compiles a path; throws an Error naming the part that is not understood. */
export function jsonPath(path: string): PathReader {
  const known = compiled.get(path);
  if (known !== undefined) return known;
  const steps = parseSteps(path);
  const reader: PathReader = (value) => {
    let found: unknown[] = [value];
    for (const step of steps) found = found.flatMap((each) => take(each, step));
    return found;
  };
  compiled.set(path, reader);
  return reader;
}

function parseSteps(path: string): Step[] {
  const steps: Step[] = [];
  let rest = path.startsWith('{') ? path.slice(1, -1) : path;
  while (rest !== '') {
    const [step, length] = parseStep(rest, path);
    steps.push(step);
    rest = rest.slice(length);
  }
  return steps;
}

function parseStep(rest: string, whole: string): [Step, number] {
  const field = /^\.((?:\\.|[^.[\\])+)/.exec(rest);
  if (field) return [{ type: 'field', name: (field[1] ?? '').replace(/\\(.)/g, '$1') }, field[0].length];
  const quoted = /^\[(['"])(.*?)\1\]/.exec(rest);
  if (quoted) return [{ type: 'field', name: quoted[2] ?? '' }, quoted[0].length];
  const index = /^\[(-?\d+)\]/.exec(rest);
  if (index) return [{ type: 'index', at: Number(index[1]) }, index[0].length];
  const all = /^(\[\*\]|\.\*)/.exec(rest);
  if (all) return [{ type: 'all' }, all[0].length];
  const filter = /^\[\?\(@\.([\w.]+)\s*(==|!=)\s*(['"])(.*?)\3\)\]/.exec(rest);
  if (filter) {
    const step = { type: 'filter', field: filter[1] ?? '', equal: filter[2] === '==', value: filter[4] ?? '' } as const;
    return [step, filter[0].length];
  }
  throw new Error(`JSONPath ${whole}: cannot read ${rest}`);
}

function take(value: unknown, step: Step): unknown[] {
  if (step.type === 'field') {
    const found = isFields(value) ? value[step.name] : undefined;
    return found === undefined ? [] : [found];
  }
  const items = Array.isArray(value) ? value : isFields(value) && step.type === 'all' ? Object.values(value) : [];
  if (step.type === 'all') return items;
  if (step.type === 'index') {
    const found = items.at(step.at);
    return found === undefined ? [] : [found];
  }
  return items.filter((item) => isFields(item) && (String(item[step.field]) === step.value) === step.equal);
}
