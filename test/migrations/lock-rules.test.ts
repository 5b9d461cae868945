import { describe, expect, test } from 'vitest';
import { allMigrations, LAST_BEFORE_RELEASE, lintedMigrations } from './linted-migrations.ts';
import { LOCK_RULES, violationsOf } from './lock-rules.ts';
import { statementsOf } from './statements.ts';

const TIMEOUT = "SET lock_timeout = '2s';\n";
const rulesBroken = (sql: string) => [...new Set(violationsOf({ name: 'planted', sql }).map(({ rule }) => rule))];

test('no migration after the first release makes anybody wait, or takes away what the build before reads', () => {
  expect(lintedMigrations().flatMap(violationsOf)).toEqual([]);
});

test('the migration that the rules begin after is there', () => {
  expect(allMigrations().map(({ name }) => name)).toContain(LAST_BEFORE_RELEASE);
});

/** Each is broken by its rule and by no other. */
const PLANTED: readonly (readonly [keyof typeof LOCK_RULES, string])[] = [
  ['no-lock-timeout', 'ALTER TABLE resource ADD COLUMN note TEXT;'],
  ['no-lock-timeout', "SET lock_timeout = '1min'; ALTER TABLE resource ADD COLUMN note TEXT;"],
  ['lock-timeout-lifted', `${TIMEOUT}SET lock_timeout = 0; ALTER TABLE resource ADD COLUMN note TEXT;`],
  ['drop-what-was-used', `${TIMEOUT}ALTER TABLE "resource" ADD COLUMN a TEXT, DROP COLUMN "claim";`],
  ['drop-what-was-used', `${TIMEOUT}alter table resource drop claim;`],
  ['drop-what-was-used', `${TIMEOUT}DROP TABLE IF EXISTS "webhook";`],
  ['rename', `${TIMEOUT}ALTER TABLE resource RENAME COLUMN claim TO charge;`],
  ['rename', `${TIMEOUT}ALTER INDEX resource_pkey RENAME TO resource_key;`],
  ['not-null-without-default', `${TIMEOUT}ALTER TABLE resource ADD COLUMN size INT NOT NULL;`],
  ['not-null-without-default', `${TIMEOUT}ALTER TABLE resource ALTER COLUMN intent SET NOT NULL;`],
  ['volatile-default', `${TIMEOUT}ALTER TABLE resource ADD COLUMN id2 UUID NOT NULL DEFAULT gen_random_uuid();`],
  ['volatile-default', `${TIMEOUT}ALTER TABLE resource ADD COLUMN number BIGSERIAL;`],
  ['volatile-default', `${TIMEOUT}ALTER TABLE resource ADD COLUMN low TEXT GENERATED ALWAYS AS (lower(name)) STORED;`],
  ['type-change', `${TIMEOUT}ALTER TABLE resource ALTER COLUMN generation TYPE BIGINT;`],
  ['index-not-concurrent', `${TIMEOUT}CREATE UNIQUE INDEX by_phase ON "resource" ("phase");`],
  ['index-not-concurrent', `${TIMEOUT}DROP INDEX by_phase;`],
  ['concurrent-not-alone', `${TIMEOUT}CREATE INDEX CONCURRENTLY by_phase ON resource (phase);`],
  ['constraint-validated-at-once', `${TIMEOUT}ALTER TABLE quota ADD CONSTRAINT positive CHECK (used >= 0);`],
  ['constraint-validated-at-once', `${TIMEOUT}ALTER TABLE audit ADD FOREIGN KEY (project) REFERENCES project (name);`],
  ['constraint-validated-at-once', `${TIMEOUT}ALTER TABLE audit ADD CONSTRAINT once UNIQUE (request_id, at);`],
  ['constraint-validated-at-once', `${TIMEOUT}ALTER TABLE audit ADD COLUMN key TEXT REFERENCES api_key (id);`],
  [
    'validated-with-others',
    `${TIMEOUT}ALTER TABLE quota ADD CONSTRAINT c CHECK (used >= 0) NOT VALID; ALTER TABLE quota VALIDATE CONSTRAINT c;`,
  ],
  ['rewrites-rows', `${TIMEOUT}UPDATE resource SET labels = '{}';`],
  ['rewrites-rows', `${TIMEOUT}INSERT INTO quota (project) SELECT name FROM project;`],
  ['locks-whole-table', `${TIMEOUT}LOCK TABLE resource;`],
  ['locks-whole-table', `${TIMEOUT}ALTER TABLE resource SET UNLOGGED;`],
  ['hidden-work', `${TIMEOUT}DO $$ BEGIN UPDATE resource SET labels = '{}'; END $$;`],
];

describe('a migration is refused', () => {
  test.each(PLANTED)('by the rule %s: %s', (rule, sql) => {
    expect(rulesBroken(sql)).toEqual([rule]);
  });

  test('by every rule that there is, in one of the cases above', () => {
    expect(new Set(PLANTED.map(([rule]) => rule))).toEqual(new Set(Object.keys(LOCK_RULES)));
  });
});

describe('a migration is accepted', () => {
  test.each([
    ['that adds columns', 'ALTER TABLE resource ADD COLUMN a TEXT, ADD COLUMN b BOOLEAN NOT NULL DEFAULT false;'],
    [
      'that fills a table of its own',
      'CREATE TABLE "a" ("x" INT NOT NULL); CREATE INDEX i ON "a" ("x"); UPDATE a SET x = 1;',
    ],
    [
      'that binds a table of its own',
      'CREATE TABLE a (p TEXT); ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (p) REFERENCES project (name);',
    ],
    [
      'that leaves validation for later',
      'ALTER TABLE quota ADD CONSTRAINT positive CHECK (used >= 0, true) NOT VALID;',
    ],
    ['that validates', 'ALTER TABLE quota VALIDATE CONSTRAINT positive;'],
    [
      'that makes a function',
      'CREATE OR REPLACE FUNCTION f() RETURNS void LANGUAGE sql AS $x$ UPDATE a; DROP TABLE b $x$;',
    ],
    ['that says why it may', '-- allow: drop-what-was-used, because 1.2 stopped reading it\nDROP TABLE old;'],
  ])('%s', (_what, sql) => {
    expect(rulesBroken(TIMEOUT + sql)).toEqual([]);
  });

  test('that builds an index concurrently, alone', () => {
    expect(rulesBroken('-- why\nCREATE INDEX CONCURRENTLY "by_phase" ON "resource" ("phase");')).toEqual([]);
  });
});

test('a reason must be given, and the line of what is refused is told', () => {
  const sql = `${TIMEOUT}-- allow: rename\n\n-- a note; with a semicolon\nALTER TABLE a\n  RENAME TO b;`;
  expect(violationsOf({ name: 'm', sql })).toMatchObject([{ migration: 'm', rule: 'rename', line: 5 }]);
});

test('statements are told apart whatever stands in texts, comments and bodies', () => {
  const sql = `SELECT 'a;b' /* ; */ AS "Odd;Name" -- ;\n; SELECT $t$ ; $$ ; $t$; ;`;
  expect(statementsOf(sql).map(({ text }) => text)).toEqual([`select '' as odd;name`, 'select $$']);
});
