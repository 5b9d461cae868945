/**
 * `npm run test:rotation`: the steps of "Rotating keys" in docs/operating.md on a stack with two APIs and two workers under load:
 * another wrapping key, another data key, another API key. Ends with 0 when no request failed and everything opens.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../survival/stage/eventually.ts';
import { presentCheckout } from './checkout.ts';
import { Doors } from './doors.ts';
import { Load } from './load.ts';
import { ProjectWatch } from './project-watch.ts';
import { addService, endService, servicesOf, stackFile } from './stack-services.ts';
import { problemsAfter } from './verdict.ts';

const USERS = 3;
const STEP_MS = 5_000;
/** Longer than a service goes on sealing with a data key that was retired. */
const DATA_KEY_TAKEN_MS = 35_000;
const TAKEN_WITHIN_MS = 30_000;
const FIRST_PERIOD_WITHIN_MS = 120_000;
const say = (line: string) => void process.stdout.write(`${line}\n`);
const newKey = (): string => randomBytes(32).toString('base64');

const folder = mkdtempSync(join(tmpdir(), 'rotation-'));
chmodSync(folder, 0o755);
const files = { current: join(folder, 'wrapping.key'), others: join(folder, 'other-wrapping.keys') };
const present = presentCheckout({
  ...{ DEV_DIR: folder, CLUSTER_TIME_SCALE: '20', USAGE_PERIOD: 'minute', QUOTA_DEFAULTS_FILE: 'unlimited' },
  ...{ SECRETS_KEY_FILE: files.current, OTHER_SECRETS_KEYS_FILE: files.others },
});
const problems: string[] = [];
let replacements = 0;

/** Writes the files and waits until every service has said that it took them. */
async function giveKeys(current: string, ...others: string[]): Promise<void> {
  writeFileSync(files.others, others.join('\n'));
  writeFileSync(files.current, current);
  replacements += 1;
  await eventually('new keys in every service', TAKEN_WITHIN_MS, () =>
    everyServiceTook(replacements) ? true : undefined,
  );
}

function everyServiceTook(times: number): boolean {
  const { logs } = stackFile(folder);
  return readdirSync(logs)
    .filter((file) => /^(api|worker)/.test(file))
    .every((file) => readFileSync(join(logs, file), 'utf8').split('"secrets.keys-replaced"').length > times);
}

async function operate(...args: string[]): Promise<object> {
  const { code, json } = await present.operate<object>(folder, args);
  say(`operate ${args.join(' ')}: exit code ${code}, ${JSON.stringify(json)}`);
  if (code !== 0) problems.push(`operate ${args.join(' ')} ended with ${code}`);
  return json;
}

async function rotateWrappingKey(former: string, next: string): Promise<void> {
  say('the next key opens everywhere');
  await giveKeys(former, next);
  await pause(STEP_MS);
  say('the next key seals everywhere');
  await giveKeys(next, former);
  await pause(STEP_MS);
  await operate('secrets', 'rewrap');
  const shown = (await operate('secrets', 'show')) as { keys: { rows: number; isCurrent: boolean }[] };
  if (shown.keys.some(({ rows, isCurrent }) => !isCurrent && rows > 0))
    problems.push('the former key still opens something');
}

async function renewDataKey(project: string): Promise<void> {
  await operate('secrets', 'reseal', project, '--new-key');
  await pause(DATA_KEY_TAKEN_MS);
  await operate('secrets', 'reseal', project);
}

/** A second key first, then the first one away. */
async function replaceApiKey(doors: Doors): Promise<void> {
  const first = stackFile(folder).adminKey.split('_')[1] ?? '';
  const body = { name: 'second', scopes: ['read', 'write', 'admin'] };
  const made = await doors.call<{ id: string; secret: string }>('POST', '/v1/api-keys', body);
  if (!made) return;
  doors.useKey(made.secret);
  await pause(STEP_MS);
  await doors.call('DELETE', `/v1/api-keys/${first}`);
  say('the API key was replaced and the first one revoked');
}

async function play(): Promise<void> {
  const [first, next] = [newKey(), newKey()];
  writeFileSync(files.current, first);
  writeFileSync(files.others, '');
  await present.stack('start', '--detach');
  const { project, adminKey } = stackFile(folder);
  await addService(present, folder, 'worker');
  const added = await addService(present, folder, 'api');
  const doors = new Doors(adminKey);
  for (const { url } of servicesOf(folder, 'api')) doors.open(url, url);
  const watches = [new ProjectWatch(doors, project)];
  const load = new Load(doors, project, USERS);
  await pause(STEP_MS);
  const signer = await firstSigner(doors, project);

  await rotateWrappingKey(first, next);
  await renewDataKey(project);
  await replaceApiKey(doors);
  say('the former key is gone');
  await giveKeys(next);
  doors.close(added.url);
  await endService(added);
  const fresh = await addService(present, folder, 'api');
  doors.open(fresh.url, fresh.url);
  await pause(STEP_MS);
  await load.stop();

  const known = await doors.call<{ keys: { kid: string }[] }>('GET', '/v1/usage/keys');
  if (!known?.keys.some(({ kid }) => kid === signer)) problems.push(`the key ${signer} that signed usage is forgotten`);
  problems.push(...(await problemsAfter(present, folder, { doors, load, watches })));
  await Promise.all(watches.map((watch) => watch.stop()));
  const { answered, retried, failures } = doors.counts;
  const calls = [...answered.values()].reduce((sum, count) => sum + count, 0);
  say(`${calls} calls answered, ${retried} tried again, ${failures.length} failed; ${load.wished.size} machines run`);
}

/** The key that signed the end of the first period: its statement must stay verifiable. */
async function firstSigner(doors: Doors, project: string): Promise<string> {
  const statement = await eventually('a signed end of a period', FIRST_PERIOD_WITHIN_MS, async () => {
    const page = await doors.call<{ items: { statement: string }[] }>(
      'GET',
      `/v1/projects/${project}/usage/checkpoints`,
    );
    return page?.items[0]?.statement;
  });
  const [header = ''] = statement.split('.');
  return (JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string }).kid;
}

try {
  await play();
  for (const problem of problems.slice(0, 40)) say(`  ${problem}`);
  say(
    problems.length === 0 ? 'Nobody noticed.' : `${problems.length} problems; the logs are in ${join(folder, 'logs')}`,
  );
} finally {
  await present.stack('stop').catch(() => undefined);
}
if (problems.length === 0) rmSync(folder, { recursive: true, force: true });
process.exitCode = problems.length === 0 ? 0 : 1;
