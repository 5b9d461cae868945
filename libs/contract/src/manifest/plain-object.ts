/** Plain data, as parsed from JSON or YAML: told apart, cleaned of nulls, merged, and kept shallow. */

import type { FieldProblem } from '@compute/domain';
import { pointerOf } from '../rules/field-problems.ts';

export type PlainObject = Record<string, unknown>;

export function isPlainObject(value: unknown): value is PlainObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same data without keys whose value is null. Lists keep their nulls. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isPlainObject(value)) return value;
  const kept = Object.entries(value).filter(([, entry]) => entry !== null && entry !== undefined);
  return Object.fromEntries(kept.map(([key, entry]) => [key, withoutNulls(entry)]));
}

/** JSON merge patch (RFC 7396): null removes, objects merge, everything else replaces. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isPlainObject(patch)) return patch;
  const result = new Map(Object.entries(isPlainObject(target) ? target : {}));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) result.delete(key);
    else result.set(key, mergePatch(result.get(key), value));
  }
  return Object.fromEntries(result);
}

/** More entries than any list or object of a manifest can have. */
const MAX_ENTRIES = 2_000;

/**
 * What is wrong with the extent of data, before anything recurses over it or lists its faults one by one: nesting
 * deeper than `maxDepth`, or a list or object of far too many entries.
 */
export function shapeProblem(value: unknown, maxDepth: number): FieldProblem | undefined {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) return { pointer: '', code: 'too_deep', message: `Nested deeper than ${maxDepth} levels.` };
    const next: unknown[] = [];
    for (const entry of level) {
      if (typeof entry !== 'object' || entry === null) continue;
      const entries = Object.values(entry);
      if (entries.length > MAX_ENTRIES)
        return { pointer: '', code: 'too_many', message: `A list or object of more than ${MAX_ENTRIES} entries.` };
      for (const inner of entries) next.push(inner);
    }
    level = next;
  }
  return undefined;
}

const MAX_TEXT_PROBLEMS = 20;

/** The texts that no database keeps: with a NUL, or with half of a surrogate pair. Data of a shape that was checked. */
export function textProblems(value: unknown, path: readonly PropertyKey[] = []): FieldProblem[] {
  if (typeof value === 'string') return isStorable(value) ? [] : [unstorable(path, 'This text')];
  if (typeof value !== 'object' || value === null) return [];
  const problems = Object.entries(value).flatMap(([key, entry]) =>
    isStorable(key) ? textProblems(entry, [...path, key]) : [unstorable(path, 'A key in here')],
  );
  return problems.slice(0, MAX_TEXT_PROBLEMS);
}

const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

function unstorable(path: readonly PropertyKey[], what: string): FieldProblem {
  const message = `${what} holds a character that cannot be stored: NUL, or half of a surrogate pair.`;
  return { pointer: pointerOf(path), code: 'invalid_text', message };
}
