/**
 * `npm run test:upgrade [-- --baseline <commit>]`: an upgrade and the way back, under load, with the release before and this one
 * beside each other on one database, one Redis and one cluster. Ends with 0 when nobody noticed.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { baselineCheckout, CannotRun, type Checkout, presentCheckout, readBaseline } from './checkout.ts';
import { Doors } from './doors.ts';
import { Load } from './load.ts';
import { ProjectWatch } from './project-watch.ts';
import { addService, endService, type Service, servicesOf, stackFile } from './stack-services.ts';
import { problemsAfter } from './verdict.ts';

const USERS = 3;
const WATCHES = 2;
const say = (line: string) => void process.stdout.write(`${line}\n`);

const { values } = parseArgs({
  options: { baseline: { type: 'string', default: readBaseline() }, seconds: { type: 'string', default: '10' } },
});
const stepMs = Number(values.seconds) * 1_000;

const folder = mkdtempSync(join(tmpdir(), 'upgrade-'));
// Postgres does not run as root and must be able to enter the folder.
chmodSync(folder, 0o755);
const environment = {
  DEV_DIR: folder,
  CLUSTER_TIME_SCALE: '20',
  USAGE_PERIOD: 'minute',
  QUOTA_DEFAULTS_FILE: 'unlimited',
};

/** An API and a worker of one release. */
interface Pair {
  readonly name: string;
  readonly api: Service;
  readonly worker: Service;
}

async function play(present: Checkout, baseline: Checkout): Promise<string[]> {
  await baseline.stack('start', '--detach');
  const { project, adminKey } = stackFile(folder);
  const doors = new Doors(adminKey);
  const before = firstPair(baseline.name);
  doors.open(before.name, before.api.url);
  const watches = Array.from({ length: WATCHES }, () => new ProjectWatch(doors, project));
  const load = new Load(doors, project, USERS);
  await step('the baseline alone');

  const { json } = await present.operate<{ applied: string[] }>(folder, ['migrate']);
  say(`migrated while it runs: ${json.applied.join(', ') || 'nothing to apply'}`);
  await step('the baseline on the new schema');

  const after = await startPair(present, doors);
  await step('both beside each other');
  await endPair(before, doors);
  await step('the present alone');

  const back = await startPair(baseline, doors);
  await step('both beside each other, on the way back');
  await endPair(after, doors);
  await step('the baseline again');

  await load.stop();
  const problems = await problemsAfter(present, folder, { doors, load, watches });
  await Promise.all(watches.map((watch) => watch.stop()));
  report(doors, load, watches);
  await endPair(back, doors);
  return problems;
}

async function step(what: string): Promise<void> {
  say(`${what}, ${stepMs / 1_000} s`);
  await pause(stepMs);
}

function firstPair(name: string): Pair {
  const [[api], [worker]] = [servicesOf(folder, 'api'), servicesOf(folder, 'worker')];
  if (!api || !worker) throw new Error('The stack has no API or no worker.');
  return { name, api, worker };
}

/** Workers first, as docs/upgrading.md says. */
async function startPair(checkout: Checkout, doors: Doors): Promise<Pair> {
  const worker = await addService(checkout, folder, 'worker');
  const api = await addService(checkout, folder, 'api');
  doors.open(checkout.name, api.url);
  return { name: checkout.name, api, worker };
}

async function endPair({ name, api, worker }: Pair, doors: Doors): Promise<void> {
  doors.close(name);
  await endService(api);
  await endService(worker);
}

function report({ counts }: Doors, load: Load, watches: readonly ProjectWatch[]): void {
  const answered = [...counts.answered].map(([name, count]) => `${count} by the ${name}`).join(', ');
  say(`calls answered: ${answered}; ${counts.retried} tried again; ${counts.failures.length} failed`);
  say(`machines: ${load.wished.size} run, ${load.deleted.length} were deleted`);
  say(`watches: resumed ${watches.map(({ resumed }) => resumed).join(' and ')} times`);
}

async function main(): Promise<number> {
  const [present, baseline] = [presentCheckout(environment), baselineCheckout(values.baseline, environment)];
  say(`baseline ${values.baseline.slice(0, 12)}, state in ${folder}`);
  try {
    const problems = await play(present, baseline);
    for (const problem of problems.slice(0, 40)) say(`  ${problem}`);
    say(
      problems.length === 0
        ? 'Nobody noticed.'
        : `${problems.length} problems; the logs are in ${stackFile(folder).logs}`,
    );
    return problems.length === 0 ? 0 : 1;
  } finally {
    await baseline.stack('stop').catch(() => undefined);
  }
}

try {
  process.exitCode = await main();
  if (process.exitCode === 0) rmSync(folder, { recursive: true, force: true });
} catch (error) {
  if (!(error instanceof CannotRun)) throw error;
  say(error.message);
}
