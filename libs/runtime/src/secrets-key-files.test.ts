import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLogger, type Logger } from './logger.ts';
import { followSecretsKeys, type ReplaceableKeys } from './secrets-key-files.ts';

const LOOK_EVERY_MS = 5;

class HeldKeys implements ReplaceableKeys {
  held: string[] = [];

  get all(): { id: string }[] {
    return this.held.map((id) => ({ id }));
  }

  replace(current: Buffer, others: readonly Buffer[]): boolean {
    const before = this.held.join();
    this.held = [current, ...others].map((key) => key.toString('base64'));
    return this.held.join() !== before;
  }
}

let folder: string;
let files: { SECRETS_KEY_FILE: string; OTHER_SECRETS_KEYS_FILE: string };
let keys: HeldKeys;
let events: string[];
let logger: Logger;
let stop: () => void;

const newKey = () => randomBytes(32).toString('base64');

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keys-'));
  files = { SECRETS_KEY_FILE: join(folder, 'key'), OTHER_SECRETS_KEYS_FILE: join(folder, 'others') };
  keys = new HeldKeys();
  events = [];
  const write = (line: string) => void events.push((JSON.parse(line) as { event: string }).event);
  logger = createLogger({ service: 'test', destination: { write } });
  stop = () => undefined;
});
afterEach(() => {
  stop();
  rmSync(folder, { recursive: true });
});

test('keys of files that change are taken, and said once', async () => {
  const [first, next] = [newKey(), newKey()];
  writeFileSync(files.SECRETS_KEY_FILE, first);
  writeFileSync(files.OTHER_SECRETS_KEYS_FILE, '');
  stop = followSecretsKeys(files, keys, logger, LOOK_EVERY_MS);
  await expect.poll(() => keys.held).toEqual([first]);
  writeFileSync(files.OTHER_SECRETS_KEYS_FILE, `${next}, ${newKey()}\n`);
  await expect.poll(() => keys.held.slice(0, 2)).toEqual([first, next]);
  expect(keys.held).toHaveLength(3);
  expect(events).toEqual(['secrets.keys-read', 'secrets.keys-replaced', 'secrets.keys-replaced']);
});

test('a file that holds no key is told, and the keys of before stay', async () => {
  const first = newKey();
  writeFileSync(files.SECRETS_KEY_FILE, first);
  writeFileSync(files.OTHER_SECRETS_KEYS_FILE, '');
  stop = followSecretsKeys(files, keys, logger, LOOK_EVERY_MS);
  await expect.poll(() => keys.held).toEqual([first]);
  writeFileSync(files.SECRETS_KEY_FILE, 'half of a k');
  await expect.poll(() => events).toContain('secrets.keys-unreadable');
  expect(keys.held).toEqual([first]);
});

test('keys of the environment itself cannot change, so nothing is looked at', () => {
  stop = followSecretsKeys({ SECRETS_KEY: newKey(), SECRETS_KEY_FILE: '/nowhere' }, keys, logger, LOOK_EVERY_MS);
  expect(events).toEqual(['secrets.keys-read']);
});
