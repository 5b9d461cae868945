import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ConfigurationError, describeSettings, readConfig } from './config.ts';
import { SHARED_SETTINGS } from './service-settings.ts';
import { flagSetting, integerSetting, optional, portSetting, textSetting, urlSetting } from './settings.ts';

const key = Buffer.alloc(32, 7);
const complete = {
  DATABASE_URL: 'postgresql://me:hunter2@127.0.0.1:5432/compute',
  SECRETS_KEY: key.toString('base64'),
};

function problemsOf(read: () => unknown): readonly string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

describe('readConfig', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  it('gives typed values and the defaults of what is absent', () => {
    const config = readConfig(SHARED_SETTINGS, complete);
    expect(config.secretsKey.equals(key)).toBe(true);
    expect(config.logLevel).toBe('info');
    expect(config.usagePeriod).toBe('hour');
  });

  it('reports every problem at once', () => {
    const problems = problemsOf(() =>
      readConfig(SHARED_SETTINGS, { DATABASE_URL: 'mysql://x', LOG_LEVEL: 'loud', USAGE_PERIOD: 'day' }),
    );
    expect(problems).toHaveLength(4);
    expect(problems.join('\n')).toContain('LOG_LEVEL must be one of trace, debug');
    expect(problems.join('\n')).toContain('SECRETS_KEY or SECRETS_KEY_FILE is not set');
  });

  it('never repeats the text of a malformed secret', () => {
    const problems = problemsOf(() =>
      readConfig(SHARED_SETTINGS, { DATABASE_URL: 'mysql://me:hunter2@host', SECRETS_KEY: 'c2hvcnQ=' }),
    );
    expect(problems).toHaveLength(2);
    expect(problems.join('\n')).not.toMatch(/hunter2|c2hvcnQ/);
  });

  it('reads a key from the file that its second variable names', () => {
    const folder = mkdtempSync(join(tmpdir(), 'config-'));
    folders.push(folder);
    const path = join(folder, 'key');
    writeFileSync(path, `${key.toString('base64')}\n`);
    const config = readConfig(SHARED_SETTINGS, { DATABASE_URL: complete.DATABASE_URL, SECRETS_KEY_FILE: path });
    expect(config.secretsKey.equals(key)).toBe(true);
  });

  it('reads a URL with a password from the file that its second variable names', () => {
    const folder = mkdtempSync(join(tmpdir(), 'config-'));
    folders.push(folder);
    const path = join(folder, 'database-url');
    writeFileSync(path, `${complete.DATABASE_URL}\n`);
    const env = { SECRETS_KEY: complete.SECRETS_KEY, DATABASE_URL_FILE: path };
    expect(readConfig(SHARED_SETTINGS, env).databaseUrl).toBe(complete.DATABASE_URL);
    writeFileSync(path, 'mysql://me:hunter2@host');
    expect(problemsOf(() => readConfig(SHARED_SETTINGS, env))).toEqual([
      'DATABASE_URL_FILE must be a URL that starts with postgresql:// or postgres://.',
    ]);
  });

  it('says which file could not be read', () => {
    const env = { ...complete, SECRETS_KEY: undefined, SECRETS_KEY_FILE: '/nowhere/key' };
    expect(problemsOf(() => readConfig(SHARED_SETTINGS, env))).toEqual([
      'SECRETS_KEY_FILE names the file /nowhere/key, which cannot be read (ENOENT).',
    ]);
  });

  it('holds numbers, ports and flags to their bounds and words', () => {
    const settings = {
      port: portSetting('PORT', { description: 'a port.' }),
      size: integerSetting('SIZE', { description: 'a size.', min: 1, max: 9, fallback: 3 }),
      on: flagSetting('ON', { description: 'a flag.', fallback: false }),
    };
    expect(readConfig(settings, { PORT: '0', SIZE: '9', ON: 'true' })).toEqual({ port: 0, size: 9, on: true });
    expect(problemsOf(() => readConfig(settings, { PORT: '65536', SIZE: '1.5', ON: 'yes' }))).toEqual([
      'PORT must be a whole number from 0 to 65535, not "65536".',
      'SIZE must be a whole number from 1 to 9, not "1.5".',
      'ON must be true or false, not "yes".',
    ]);
  });

  it('takes an empty variable for an absent one', () => {
    const settings = { file: optional(textSetting('FILE', { description: 'a file.' })) };
    expect(readConfig(settings, { FILE: '' })).toEqual({ file: undefined });
  });
});

describe('describeSettings', () => {
  it('never shows the default of a secret', () => {
    const settings = {
      url: urlSetting('URL', { schemes: ['redis'], description: 'x.', secret: true, fallback: 'redis://:pw@h' }),
    };
    expect(describeSettings(settings)).toEqual([{ variable: 'URL or URL_FILE', fallback: 'none', description: 'x.' }]);
  });
});
