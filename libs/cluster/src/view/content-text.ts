/**
 * One text for equal values, whatever the order of their fields, of as much of a value as a set of fields names. It feeds
 * digests and is never read back. A worker that starts writes it for every object there is, hence by hand and in one walk:
 * copying the chosen fields first takes twice as long.
 *
 * A reader could break: strings stand behind their length, so that no two values have the same text. Names need none,
 * since no name that Kubernetes takes has a `=` in it.
 */

/** As in `fieldsV1`: `f:name` is a field, `k:{…}` an item by its keys, `v:…` an item by its value; nothing below means all of it. */
export interface FieldSet {
  readonly [name: string]: FieldSet;
}

export type Fields = Readonly<Record<string, unknown>>;

/** Everything. */
export const ALL: FieldSet = {};

const NOTHING_LEFT_OUT: ReadonlySet<string> = new Set();

/** Names of fields as a set of fields writes them. They are those of our manifests, so they are few. */
const fieldNames = new Map<string, string>();

export function valueText(value: unknown, chosen: FieldSet): string {
  if (typeof value === 'string') return `${value.length}:${value}`;
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? itemsText(value, chosen) : fieldsText(value as Fields, chosen);
}

/** Without the fields of the names in `leftOut`. */
export function fieldsText(record: Fields, chosen: FieldSet, leftOut = NOTHING_LEFT_OUT): string {
  const all = isAll(chosen);
  let text = '{';
  for (const name of sortedNames(record)) {
    const below = all ? ALL : chosen[fieldName(name)];
    const value = record[name];
    if (below === undefined || value === undefined || leftOut.has(name)) continue;
    text += `${name}=${valueText(value, below)},`;
  }
  return `${text}}`;
}

/** Most records have one name. */
function sortedNames(record: Fields): readonly string[] {
  const names = Object.keys(record);
  return names.length > 1 ? names.sort() : names;
}

/** What is chosen of a field; undefined when nothing is. */
export function below(chosen: FieldSet, name: string): FieldSet | undefined {
  return isAll(chosen) ? ALL : chosen[fieldName(name)];
}

function itemsText(items: readonly unknown[], chosen: FieldSet): string {
  if (isAll(chosen)) return `[${items.map((item) => valueText(item, ALL)).join()}]`;
  const entries = Object.entries(chosen).filter(([name]) => name !== '.');
  const known = entries.map(([name, of]) => ({ byKeys: name.startsWith('k:'), key: JSON.parse(name.slice(2)), of }));
  const texts = items.flatMap((item) => {
    const found = known.find(({ byKeys, key }) => (byKeys ? hasKeys(item as Fields, key) : item === key));
    return found === undefined ? [] : [valueText(item, found.of)];
  });
  return `[${texts.join()}]`;
}

function hasKeys(item: Fields, keys: Fields): boolean {
  return Object.entries(keys).every(([name, value]) => item[name] === value);
}

/** `.` is the thing itself and names nothing below. */
function isAll(chosen: FieldSet): boolean {
  if (chosen === ALL) return true;
  for (const name in chosen) if (name !== '.') return false;
  return true;
}

function fieldName(name: string): string {
  const known = fieldNames.get(name);
  if (known !== undefined) return known;
  const prefixed = `f:${name}`;
  fieldNames.set(name, prefixed);
  return prefixed;
}
