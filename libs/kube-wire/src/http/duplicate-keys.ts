/**
 * Finds what `JSON.parse` passes over in silence: a key twice in one object, of which the last would win. One pass over
 * a text that is known to be JSON, without recursion.
 */

/** More are not named: one is enough to know that something is wrong. */
const maxFound = 20;

interface Level {
  /** Undefined in a list. */
  readonly keys: Set<string> | undefined;
  /** Where the value that is being read stands, as kube-apiserver writes it: `spec.ports[0].name`. */
  step: string;
  index: number;
  expectsKey: boolean;
}

/** Paths of the doubled keys of a JSON text, each once. */
export function duplicateKeys(json: string): string[] {
  const found = new Set<string>();
  const levels: Level[] = [];
  for (let at = 0; at < json.length && found.size < maxFound; at += 1) {
    const level = levels.at(-1);
    const character = json[at];
    if (character === '"') {
      const end = endOfString(json, at);
      if (level?.keys !== undefined && level.expectsKey)
        readKey(json.slice(at, end + 1), level, level.keys, levels, found);
      at = end;
    } else if (character === '{') levels.push({ keys: new Set(), step: '', index: 0, expectsKey: true });
    else if (character === '[') levels.push({ keys: undefined, step: '[0]', index: 0, expectsKey: false });
    else if (character === '}' || character === ']') levels.pop();
    else if (character === ',' && level !== undefined) nextEntry(level);
  }
  return [...found];
}

function readKey(literal: string, level: Level, keys: Set<string>, levels: readonly Level[], found: Set<string>): void {
  const key = literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1);
  level.expectsKey = false;
  level.step = `.${key}`;
  if (keys.has(key))
    found.add(
      levels
        .map(({ step }) => step)
        .join('')
        .replace(/^\./, ''),
    );
  keys.add(key);
}

function nextEntry(level: Level): void {
  if (level.keys !== undefined) level.expectsKey = true;
  else {
    level.index += 1;
    level.step = `[${level.index}]`;
  }
}

function endOfString(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at += 1) {
    if (json[at] === '\\') at += 1;
    else if (json[at] === '"') return at;
  }
  return json.length;
}
