/**
 * An operator's catalogue: what a file adds to the built-in lists or puts in their place. Sizes are written in GiB, as
 * the API lists them. Every mistake is named at once, so that a service refuses to start on a catalogue that would
 * charge or render nonsense.
 */
import { builtinCatalogue, type Catalogue } from './catalogue.ts';

type Entry = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => string | undefined;

interface Field {
  readonly check: Check;
  /** Given when the file leaves it out; undefined: it must be there. */
  readonly otherwise?: unknown;
}

export interface CatalogueReading {
  readonly catalogue: Catalogue;
  /** Empty when the file is sound. */
  readonly problems: readonly string[];
}

const NAME = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/;
const MIB_PER_GIB = 1024;

const text =
  (pattern: RegExp, what: string): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value) ? undefined : what;
const name = text(NAME, 'lower-case letters, digits, dots and dashes, at most 63');
const words = text(/^[^\p{Cc}]{1,200}$/u, 'a text of at most 200 characters');
const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false');
const count: Check = (value) => (Number.isInteger(value) && Number(value) >= 1 ? undefined : 'a whole number from 1');
/** A size that is a whole number of MiB. */
const gib: Check = (value) =>
  typeof value === 'number' && value > 0 && Number.isInteger(value * MIB_PER_GIB) ? undefined : 'GiB, more than 0';

const FIELDS: { readonly [L in keyof Catalogue]: Readonly<Record<string, Field>> } = {
  instanceTypes: {
    name: { check: name },
    series: { check: text(/^[A-Za-z0-9-]{1,20}$/, 'letters, digits and dashes, at most 20') },
    vcpu: { check: count },
    memoryGib: { check: gib },
    available: { check: flag, otherwise: true },
    deprecated: { check: flag, otherwise: false },
  },
  profiles: {
    name: { check: name },
    title: { check: words },
    os: { check: text(/^(linux|windows)$/, 'linux or windows') },
    deprecated: { check: flag, otherwise: false },
    minVcpu: { check: count, otherwise: 1 },
    minMemoryGib: { check: gib },
  },
  storageClasses: {
    name: { check: name },
    description: { check: words },
    replicated: { check: flag },
    default: { check: flag, otherwise: false },
  },
  images: {
    name: { check: name },
    namespace: { check: name },
    claim: { check: name },
    minStorageGib: { check: gib },
  },
};

const LISTS = Object.keys(FIELDS) as (keyof Catalogue)[];

/** Reads what a file says. With problems, the catalogue is not to be used. */
export function readCatalogueFile(file: unknown): CatalogueReading {
  if (!isEntry(file)) return { catalogue: builtinCatalogue, problems: ['It must be a JSON object.'] };
  const problems: string[] = unknownKeys(file, [...LISTS, 'replace'], 'The file');
  const replace = replaced(file.replace, problems);
  const lists = LISTS.map((list) => {
    const own = entriesOf(list, file[list], problems);
    const kept = replace.includes(list) ? [] : builtinCatalogue[list];
    const named = new Set(own.map((entry) => entry.name));
    return [list, [...kept.filter((entry) => !named.has(entry.name)), ...own]];
  });
  const catalogue = Object.fromEntries(lists) as unknown as Catalogue;
  const defaults = catalogue.storageClasses.filter((entry) => entry.default).length;
  if (problems.length === 0 && defaults !== 1)
    problems.push(`storageClasses: exactly one is the default, these are ${defaults}.`);
  return { catalogue, problems };
}

function replaced(value: unknown, problems: string[]): readonly string[] {
  if (value === undefined) return [];
  const isList = Array.isArray(value) && value.every((list) => (LISTS as unknown[]).includes(list));
  if (!isList) problems.push(`replace: a list of names among ${LISTS.join(', ')}.`);
  return isList ? (value as string[]) : [];
}

function entriesOf(list: keyof Catalogue, value: unknown, problems: string[]): Entry[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    problems.push(`${list}: must be a list.`);
    return [];
  }
  const names = value.map((entry: unknown) => (isEntry(entry) ? entry.name : undefined));
  return value.flatMap((entry: unknown, index) => {
    const at = `${list}[${index}]`;
    if (!isEntry(entry)) {
      problems.push(`${at}: must be an object.`);
      return [];
    }
    if (names.indexOf(entry.name) < index) problems.push(`${at}: '${String(entry.name)}' is listed twice.`);
    problems.push(...unknownKeys(entry, [...Object.keys(FIELDS[list]), 'ratio'], at));
    return [inMib(withDefaults(FIELDS[list], entry, at, problems))];
  });
}

function withDefaults(fields: Readonly<Record<string, Field>>, entry: Entry, at: string, problems: string[]): Entry {
  const values = Object.entries(fields).map(([key, { check, otherwise }]) => {
    const value = entry[key] ?? otherwise;
    const wanted = check(value);
    if (wanted !== undefined) problems.push(`${at}.${key}: must be ${wanted}.`);
    return [key, value];
  });
  return Object.fromEntries(values) as Entry;
}

/** `memoryGib: 4` as `memoryMib: 4096`. */
function inMib(entry: Entry): Entry {
  const values = Object.entries(entry).map(([key, value]) =>
    key.endsWith('Gib') ? [key.replace(/Gib$/, 'Mib'), Number(value) * MIB_PER_GIB] : [key, value],
  );
  return Object.fromEntries(values) as Entry;
}

function unknownKeys(entry: Entry, known: readonly string[], at: string): string[] {
  const unknown = Object.keys(entry).filter((key) => !known.includes(key));
  return unknown.map((key) => `${at}: there is no '${key.slice(0, 60)}'; there are ${known.join(', ')}.`);
}

const isEntry = (value: unknown): value is Entry =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
