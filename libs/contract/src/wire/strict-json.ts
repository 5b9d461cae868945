/**
 * Finds what `JSON.parse` passes over in silence: the same key twice in an object, of which the last would win. One pass
 * over a text that is known to be JSON, in time and memory that grow with it and no faster.
 */
import type { FieldProblem } from '@compute/domain';
import { pointerOf } from '../rules/field-problems.ts';

const MAX_PROBLEMS = 20;
/** Deeper than anything that is accepted; what is deeper is refused for that. */
const MAX_DEPTH = 100;

interface Level {
  /** Undefined in a list. */
  readonly keys: Set<string> | undefined;
  /** The key or index of the value that is being read. */
  at: string | number;
  /** Whether the next string is a key. */
  expectsKey: boolean;
}

/** The doubled keys of a JSON text, each with its pointer. Never throws for a text that `JSON.parse` takes. */
export function doubledKeys(json: string): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const levels: Level[] = [];
  for (let at = 0; at < json.length; at += 1) {
    const level = levels.at(-1);
    const character = json[at];
    if (character === '"') {
      const end = endOfString(json, at);
      if (level?.keys && level.expectsKey) noteKey(json.slice(at, end + 1), level, levels, problems);
      at = end;
    } else if (character === '{' || character === '[') {
      if (levels.length >= MAX_DEPTH) return problems;
      const isObject = character === '{';
      levels.push({ keys: isObject ? new Set() : undefined, at: 0, expectsKey: isObject });
    } else if (character === '}' || character === ']') levels.pop();
    else if (character === ',' && level) nextEntry(level);
    if (problems.length >= MAX_PROBLEMS) return problems;
  }
  return problems;
}

function noteKey(literal: string, level: Level, levels: readonly Level[], problems: FieldProblem[]): void {
  const key = literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1);
  level.expectsKey = false;
  level.at = key;
  if (!level.keys?.has(key)) {
    level.keys?.add(key);
    return;
  }
  const pointer = pointerOf(levels.map((one) => one.at));
  problems.push({ pointer, code: 'duplicate', message: 'The key stands here twice.' });
}

function nextEntry(level: Level): void {
  if (level.keys) level.expectsKey = true;
  else level.at = Number(level.at) + 1;
}

function endOfString(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at += 1) {
    if (json[at] === '\\') at += 1;
    else if (json[at] === '"') return at;
  }
  return json.length;
}
