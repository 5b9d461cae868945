/** Between the words of manifests and the names in .proto files: snake case, and maps as lists of entries. */
import type { Json } from './requests.ts';

const MAPS = ['labels', 'annotations'];

export const snakeCase = (word: string): string => word.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const camelCase = (word: string): string => word.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());

/** A request as the descriptor names its fields. */
export function toMessage(value: Json): Json {
  return renamed(value, snakeCase, (map) => Object.entries(map).map(([key, entry]) => ({ key, value: entry })));
}

/** A reply in the words of manifests. */
export function fromMessage(value: Json): Json {
  return renamed(value, camelCase, (entries) =>
    Object.fromEntries(entries.map((entry: Json) => [entry.key, entry.value])),
  );
}

function renamed(value: Json, rename: (word: string) => string, mapped: (map: Json) => Json): Json {
  if (Array.isArray(value)) return value.map((entry) => renamed(entry, rename, mapped));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [
      rename(key),
      MAPS.includes(key) ? mapped(entry) : renamed(entry, rename, mapped),
    ]),
  );
}
