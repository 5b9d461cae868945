/**
 * What a migration may not do to tables that are in use: what makes everybody wait, and what takes away what the build before
 * still reads. Tables that the migration itself makes are empty and used by nobody; anything may be done to them.
 *
 * A table of rules, each with what to do instead. A migration that must break one says so and why:
 * `-- allow: <rule>, because <reason>`.
 */
import { type SqlStatement, statementsOf } from './statements.ts';

export interface Migration {
  readonly name: string;
  readonly sql: string;
}

export interface Violation {
  readonly migration: string;
  readonly line: number;
  readonly rule: string;
  readonly instead: string;
}

interface Scene {
  readonly statements: readonly SqlStatement[];
  /** Whether the table that a statement names is made in this migration. */
  readonly isNew: (table: string | undefined) => boolean;
}

interface Rule {
  readonly instead: string;
  readonly breaks: (text: string, scene: Scene) => boolean;
}

const LONGEST_LOCK_TIMEOUT_MS = 5_000;
const VOLATILE = /\b(gen_random_uuid|uuidv7|uuidv4|random|clock_timestamp|timeofday|nextval)\s*\(/;
const alteredTable = (text: string): string | undefined =>
  /^alter table (?:if exists )?(?:only )?([\w.]+)/.exec(text)?.[1];
const indexedTable = (text: string): string | undefined =>
  /^create (?:unique )?index .*? on (?:only )?([\w.]+)/.exec(text)?.[1];

/** The clauses of an `alter table`; commas inside of parentheses do not part them. */
function clausesOf(text: string): string[] {
  const clauses = text.replace(/^alter table (?:if exists )?(?:only )?[\w.]+ /, '');
  return clauses.split(/,(?![^(]*\))/).map((clause) => clause.trim());
}

/** A rule about clauses of `alter table` on tables that are in use. */
function altering(instead: string, isBad: (clause: string) => boolean): Rule {
  return {
    instead,
    breaks: (text, { isNew }) => {
      const table = alteredTable(text);
      return table !== undefined && !isNew(table) && clausesOf(text).some(isBad);
    },
  };
}

export const LOCK_RULES: Readonly<Record<string, Rule>> = {
  'no-lock-timeout': {
    instead: `begin with SET lock_timeout = '2s': who waits for a lock makes everybody behind wait`,
    breaks: (text, { statements }) => text === statements[0]?.text && !isConcurrentIndex(text) && !setsTimeout(text),
  },
  'lock-timeout-lifted': {
    instead: `leave lock_timeout at or below ${LONGEST_LOCK_TIMEOUT_MS} ms for the whole migration`,
    breaks: (text, { statements }) =>
      text !== statements[0]?.text && /^(set|reset) (local |session )?lock_timeout/.test(text) && !setsTimeout(text),
  },
  'drop-what-was-used': {
    instead: 'stop reading it in one release, drop it in the next one, and say so with an allow line',
    breaks: (text, { isNew }) =>
      /^drop (table|view|materialized view|function|procedure|schema|type|sequence)\b/.test(text) ||
      (alteredTable(text) !== undefined && !isNew(alteredTable(text)) && clausesOf(text).some(isDropOfColumn)),
  },
  rename: {
    instead: 'add the new name, write both, move the readers, drop the old name a release later',
    breaks: (text) => /^alter .*\brename\b/.test(text),
  },
  'not-null-without-default': altering(
    'give a column that is added a constant default; for one that is there add CHECK (… IS NOT NULL) NOT VALID, validate it in a later migration, then SET NOT NULL costs no scan (allow line)',
    (clause) =>
      (/^add (column )?(if not exists )?/.test(clause) && /\bnot null\b/.test(clause) && !/\bdefault\b/.test(clause)) ||
      /^alter (column )?\w+ set not null/.test(clause),
  ),
  'volatile-default': altering(
    'add the column without it, set the default in a second clause, fill rows from the services',
    (clause) =>
      /^add (column )?/.test(clause) &&
      (VOLATILE.test(clause) ||
        /\b(small|big)?serial\b/.test(clause) ||
        /\bgenerated (always|by default)\b/.test(clause)),
  ),
  'type-change': altering('add a column of the new type, write both, move the readers, drop the old one', (clause) =>
    /^alter (column )?\w+ (set data )?type\b/.test(clause),
  ),
  'index-not-concurrent': {
    instead:
      'CREATE INDEX CONCURRENTLY, alone in a migration; on a partitioned table ON ONLY, then each partition, then attach',
    breaks: (text, { isNew }) => {
      const table = indexedTable(text);
      const onlyParent = /^create (unique )?index .*? on only /.test(text);
      const blocks = table === undefined ? text.startsWith('drop index ') : !onlyParent && !isNew(table);
      return blocks && !isConcurrentIndex(text);
    },
  },
  'concurrent-not-alone': {
    instead: 'a statement with CONCURRENTLY is the only one of its migration: several in one file are one transaction',
    breaks: (text, { statements }) => /\bconcurrently\b/.test(text) && statements.length > 1,
  },
  'constraint-validated-at-once': altering(
    'add it NOT VALID, and VALIDATE CONSTRAINT in a later migration; a unique one USING an index that was built concurrently',
    (clause) =>
      (/^add (constraint \w+ )?(foreign key|check)\b/.test(clause) && !/\bnot valid$/.test(clause)) ||
      (/^add (constraint \w+ )?(unique|primary key|exclude)\b/.test(clause) && !/\busing index\b/.test(clause)) ||
      (/^add (column )?\w+ .*\breferences\b/.test(clause) && !/\bnot valid$/.test(clause)),
  ),
  'validated-with-others': {
    instead: 'VALIDATE CONSTRAINT alone in its migration: it reads the whole table, and holds what came before it',
    breaks: (text, { statements }) =>
      /\bvalidate constraint\b/.test(text) && statements.filter((other) => !setsTimeout(other.text)).length > 1,
  },
  'rewrites-rows': {
    instead: 'fill rows from a service or a command, some hundred in one transaction, safe to repeat',
    breaks: (text, { isNew }) => {
      const table = /^(?:update (?:only )?|delete from (?:only )?|insert into )([\w.]+)/.exec(text)?.[1];
      const copies = /^insert into .*\bselect\b.*\bfrom\b/.test(text);
      return table !== undefined && !isNew(table) && (!text.startsWith('insert') || copies);
    },
  },
  'locks-whole-table': {
    instead: 'leave it out; maintenance is done beside the services',
    breaks: (text) =>
      /^(lock|truncate|cluster|vacuum|reindex(?!.*concurrently)|refresh materialized)\b/.test(text) ||
      (alteredTable(text) !== undefined && /\bset (tablespace|logged|unlogged|access method)\b/.test(text)),
  },
  'hidden-work': {
    instead: 'write what it does as statements: what stands in a DO block is seen by no rule',
    breaks: (text) => text.startsWith('do '),
  },
};

/** What of a migration breaks a rule and is not allowed by a line that says why. */
export function violationsOf({ name, sql }: Migration): Violation[] {
  const statements = statementsOf(sql);
  const made = new Set(
    statements.flatMap(({ text }) => /^create (?:unlogged )?table (?:if not exists )?([\w.]+)/.exec(text)?.[1] ?? []),
  );
  const scene: Scene = { statements, isNew: (table) => table !== undefined && made.has(table) };
  const allowed = allowedRules(sql);
  return statements.flatMap(({ text, line }) =>
    Object.entries(LOCK_RULES)
      .filter(([rule, { breaks }]) => !allowed.has(rule) && breaks(text, scene))
      .map(([rule, { instead }]) => ({ migration: name, line, rule, instead })),
  );
}

/** A reason is a sentence: an allow line without one allows nothing. */
function allowedRules(sql: string): ReadonlySet<string> {
  return new Set([...sql.matchAll(/^-- allow: ([\w-]+), because \S+ \S+/gm)].map(([, rule = '']) => rule));
}

/** The word COLUMN may be left out; what else can be dropped takes nothing from who reads. */
function isDropOfColumn(clause: string): boolean {
  return /^drop (?!(constraint|not null|default|identity|expression)\b)/.test(clause);
}

function isConcurrentIndex(text: string): boolean {
  return /^(create (unique )?|drop |re)index concurrently\b/.test(text);
}

function setsTimeout(text: string): boolean {
  const [, amount, unit = 'ms'] = /^set (?:local |session )?lock_timeout (?:=|to) '?(\d+)(ms|s)?'?$/.exec(text) ?? [];
  const timeoutMs = Number(amount) * (unit === 's' ? 1_000 : 1);
  return timeoutMs > 0 && timeoutMs <= LONGEST_LOCK_TIMEOUT_MS;
}
