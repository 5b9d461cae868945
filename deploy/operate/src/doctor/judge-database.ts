/** Whether the database is the one that this build needs, and whether somebody works on what is written there. */
import { type DatabaseFacts, inspectDatabase, type SealedBy, type WorkFacts, type WrappingKeys } from '@compute/store';
import { type Finding, Findings, judgeClock } from './finding.ts';

const OLDEST_MAJOR = 15;
const LATE_MS = 60_000;
const SECOND_MS = 1_000;

/** `usagePeriodMs`: how long a meter runs at most before it is cut. Throws `Unavailable`. */
export async function judgeDatabase(
  databaseUrl: string,
  keys: WrappingKeys,
  usagePeriodMs: number,
): Promise<Finding[]> {
  const facts = await inspectDatabase(databaseUrl, keys);
  const findings = new Findings('database');
  judgeVersion(findings, facts);
  judgeMigrations(findings, facts);
  judgeClock(findings, 'the database', facts.skewMs, 0);
  if (facts.sealedBy) judgeKeys(findings, facts.sealedBy);
  if (facts.work) judgeWork(findings, facts.work, usagePeriodMs);
  return findings.all;
}

function judgeKeys(findings: Findings, { keys, unopened }: SealedBy): void {
  findings.none(
    unopened,
    'The keys open everything that is sealed.',
    (list) => `None of the keys opens what is sealed of: ${list}.`,
    'Give SECRETS_KEY or OTHER_SECRETS_KEYS the key that the database was written with.',
  );
  for (const { id, rows } of keys.filter(({ isCurrent }) => !isCurrent)) {
    if (rows > 0)
      findings.warning(`The key ${id} of OTHER_SECRETS_KEYS still opens ${rows}.`, 'Run "operate secrets rewrap".');
    else findings.ok(`The key ${id} of OTHER_SECRETS_KEYS opens nothing that is stored; see "Rotating keys".`);
  }
}

function judgeVersion(findings: Findings, { version }: DatabaseFacts): void {
  if (Number.parseInt(version, 10) >= OLDEST_MAJOR) findings.ok(`Postgres ${version} answers.`);
  else findings.error(`Postgres ${version} is too old.`, `Upgrade it to ${OLDEST_MAJOR} or newer.`);
}

function judgeMigrations(findings: Findings, { missing, failed, ahead }: DatabaseFacts): void {
  findings.none(
    failed,
    'No migration has failed.',
    (list) => `These migrations failed half way: ${list}.`,
    'See its row in _prisma_migrations for the error, mend it, then mark it with "prisma migrate resolve".',
  );
  findings.none(
    missing,
    'The database has every migration of this build.',
    (list) => `The database lacks: ${list}.`,
    'Run "operate migrate" before the services of this build start.',
  );
  if (ahead.length > 0)
    findings.warning(
      `A newer build has migrated the database: ${ahead.join(', ')}.`,
      'Finish the upgrade: services of this build work beside it, and lack what is new.',
    );
}

function judgeWork(findings: Findings, work: WorkFacts, usagePeriodMs: number): void {
  const { waiting, oldestWaitMs, overdue, oldestOverdueMs, oldestMeterMs } = work;
  const workers = 'See whether workers run and reach Redis: their /readyz says what they lack.';
  if (oldestWaitMs <= LATE_MS && oldestOverdueMs <= LATE_MS) findings.ok('Workers take what is written for them.');
  if (oldestWaitMs > LATE_MS)
    findings.error(`${waiting} wake-ups wait, the oldest for ${seconds(oldestWaitMs)}.`, workers);
  if (oldestOverdueMs > LATE_MS)
    findings.warning(
      `${overdue} resources are overdue for a look, the oldest by ${seconds(oldestOverdueMs)}.`,
      workers,
    );
  if (oldestMeterMs <= usagePeriodMs + LATE_MS) findings.ok('Meters are cut at every full period.');
  else
    findings.error(
      `A meter runs for ${seconds(oldestMeterMs)} without having been cut.`,
      'No worker runs the usage clock. Nothing is lost: it closes all periods when it runs again.',
    );
}

const seconds = (ms: number): string => `${Math.round(ms / SECOND_MS)} s`;
