import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CSV_COLUMNS, usageManifest, verificationKey } from '@compute/contract';
import type { UsageLineFormat } from '@compute/store';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Installation, operateIn } from '../fixtures/installation.ts';

let installation: Installation;

/** Meters that ran for hours, over the ends of closed periods. */
async function leaveUsage(): Promise<void> {
  for (const name of ['one', 'two', 'three']) await installation.readyDisk(name);
  for (const [table, column] of [
    ['usage_open', 'opened_at'],
    ['transition', 'at'],
  ])
    await installation.sql(`update ${table} set ${column} = ${column} - interval '5 hours'`);
  await installation.store.usage.closePeriods();
}

const fileOf = (name: string) => join(installation.folder, name);

/** What a billing team is handed. */
async function handOut(): Promise<void> {
  const { usage } = installation.store;
  const exported = await usage.export({ project: 'demo' });
  const write = async (format: UsageLineFormat, header: string) => {
    const parts: string[] = [header];
    for await (const part of exported.lines(format)) parts.push(part);
    writeFileSync(fileOf(`usage.${format}`), parts.join(''));
  };
  await write('ndjson', '');
  await write('csv', `${CSV_COLUMNS.join(',')}\n`);
  const manifest = usageManifest(exported);
  writeFileSync(fileOf('manifest.json'), JSON.stringify({ manifest, statement: await usage.sign(manifest) }));
  const keys = (await usage.verificationKeys()).map(({ id, publicKey }) => verificationKey(id, publicKey));
  writeFileSync(fileOf('keys.json'), JSON.stringify({ keys }));
}

beforeAll(async () => {
  installation = await Installation.start();
  await leaveUsage();
  await handOut();
});
afterAll(() => installation.close());

/** Without any variable: neither database nor network. */
const verify = (file: string, ...more: string[]) =>
  operateIn({}, installation.folder, 'verify', file, '--manifest', 'manifest.json', '--keys', 'keys.json', ...more);

test.each(['ndjson', 'csv'])('an untouched export as %s is accepted, with its sums', async (format) => {
  const { code, out } = await verify(`usage.${format}`);
  expect(code).toBe(0);
  expect(out).toMatch(/^Nothing is missing, doubled or changed: \d+ events of the project demo/);
  expect(out).toMatch(/disk\.allocated: \d+ events, [\d.]+ hours/);
});

test('a line that is changed, missing or doubled is named', async () => {
  const lines = readFileSync(fileOf('usage.ndjson'), 'utf8').trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(8);
  const judged = async (changed: readonly string[]) => {
    writeFileSync(fileOf('changed.ndjson'), `${changed.join('\n')}\n`);
    const { code, out } = await verify('changed.ndjson', '--json');
    expect(code).toBe(1);
    return (JSON.parse(out) as { problems: { line?: number; message: string }[] }).problems;
  };
  expect(await judged(lines.with(3, (lines[3] ?? '').replace('"storageGib": 10', '"storageGib": 1')))).toMatchObject([
    { line: 4 },
  ]);
  expect((await judged(lines.toSpliced(3, 1)))[0]).toMatchObject({
    line: 4,
    message: expect.stringContaining('was to follow'),
  });
  expect((await judged(lines.toSpliced(3, 0, lines[2] ?? '')))[0]).toMatchObject({ line: 4 });
  expect((await judged(lines.slice(0, -1))).map(({ message }) => message)).toContain(
    'The chain does not end with the hash of the manifest.',
  );
});

test('a file without a telling end needs its format, and files of another kind are named', async () => {
  writeFileSync(fileOf('usage.txt'), readFileSync(fileOf('usage.csv')));
  expect((await verify('usage.txt')).code).toBe(2);
  expect((await verify('usage.txt', '--format', 'csv')).code).toBe(0);
  const swapped = await operateIn(
    ...[{}, installation.folder, 'verify', 'usage.csv', '--manifest', 'keys.json', '--keys', 'keys.json'],
  );
  expect(swapped).toMatchObject({ code: 3, complaint: expect.stringContaining('is not what --manifest takes') });
  expect((await operateIn({}, installation.folder, 'verify', 'usage.csv', '--keys', 'keys.json')).code).toBe(2);
});

test('checkpoints are shown as they were signed', async () => {
  const { json } = await installation.report<{ checkpoints: { statement: string }[] }>(
    'checkpoints',
    '--project',
    'demo',
  );
  expect(json.checkpoints[0]?.statement.split('.')).toHaveLength(3);
  expect((await installation.operate('checkpoints', '--project', 'none')).out).toContain('No period of none');
});

test('the audit agrees, and names what was metered and never happened', async () => {
  expect((await installation.operate('audit')).code).toBe(2);
  expect(await installation.operate('audit', '--all')).toMatchObject({
    code: 0,
    out: 'demo: 3 resources audited, history and ledger agree.',
  });
  await installation.sql(`update usage_open set opened_at = opened_at + interval '1 millisecond' where name = 'two'`);
  const { code, out } = await installation.operate('audit', '--project', 'demo');
  expect(code).toBe(1);
  expect(out).toMatch(/VMDisk two \(.*\): disk\.allocated from .* to now was not metered/);
});
