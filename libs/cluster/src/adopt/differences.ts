/**
 * How what an object says differs from what a row would make of it, field by field. Pure.
 *
 * Lists are compared by the names of their items, since the cluster orders them at will. What the row renders and the
 * object lacks is told too: whether that matters depends on the object.
 */

export interface Difference {
  /** `spec.template.spec.volumes[root].dataVolume` */
  readonly path: string;
  /** Absent where the object says nothing. */
  readonly found?: unknown;
  /** Absent where the row renders nothing. */
  readonly wanted?: unknown;
  /** It stands in a list: applying a list replaces all of it, while a map keeps what others put there. */
  readonly inList: boolean;
}

interface Place {
  readonly path: string;
  readonly inList: boolean;
}

export function differences(found: unknown, wanted: unknown, place: Place): Difference[] {
  const [left, right] = [found ?? undefined, wanted ?? undefined];
  if (left === undefined && right === undefined) return [];
  if (left === undefined || right === undefined) return [difference(place, left, right)];
  if (Array.isArray(left) && Array.isArray(right)) return ofItems(itemsOf(left), itemsOf(right), place);
  if (isRecord(left) && isRecord(right)) return ofFields(left, right, place);
  return left === right ? [] : [difference(place, left, right)];
}

function difference({ path, inList }: Place, found: unknown, wanted: unknown): Difference {
  return { path, inList, ...(found === undefined ? {} : { found }), ...(wanted === undefined ? {} : { wanted }) };
}

type Fields = Readonly<Record<string, unknown>>;

function ofFields(left: Fields, right: Fields, { path, inList }: Place): Difference[] {
  return namesOf(left, right).flatMap((name) =>
    differences(left[name], right[name], { path: path === '' ? name : `${path}.${name}`, inList }),
  );
}

function ofItems(left: Fields, right: Fields, { path }: Place): Difference[] {
  return namesOf(left, right).flatMap((name) =>
    differences(left[name], right[name], { path: `${path}[${name}]`, inList: true }),
  );
}

const namesOf = (left: Fields, right: Fields): string[] => [...new Set([...Object.keys(left), ...Object.keys(right)])];

/** By the items' own names where each has one, else by their places. */
function itemsOf(items: readonly unknown[]): Fields {
  const names = items.map((item, index) => (isRecord(item) && typeof item.name === 'string' ? item.name : `${index}`));
  return Object.fromEntries(items.map((item, index) => [names[index], item]));
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
