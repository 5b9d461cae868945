/**
 * Reads a service's configuration from the environment: typed, and with every problem reported at once.
 *
 * A reader could break: the value of a secret is never part of a message, not even when it is malformed.
 */
import { readFileSync } from 'node:fs';
import type { Setting, Unreadable } from './settings.ts';

export type Settings = Readonly<Record<string, Setting<unknown>>>;
export type ConfigOf<S extends Settings> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never };
export type Environment = Readonly<Record<string, string | undefined>>;

/** Each problem is one sentence that names the variable and says what to put there. */
export class ConfigurationError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration has ${problems.length} problem(s):\n${problems.map((line) => `  - ${line}`).join('\n')}`);
    this.name = 'ConfigurationError';
    this.problems = problems;
  }
}

/**
 * Reads every setting from the environment.
 * @throws ConfigurationError with all problems when at least one setting is missing or unreadable.
 */
export function readConfig<const S extends Settings>(settings: S, env: Environment = process.env): ConfigOf<S> {
  const problems: string[] = [];
  const values = Object.entries(settings).map(([key, setting]) => [key, readSetting(setting, env, problems)]);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return Object.fromEntries(values) as ConfigOf<S>;
}

/** The settings as rows of a table: variable, default (never a secret's) and description. */
export function describeSettings(settings: Settings): { variable: string; fallback: string; description: string }[] {
  return Object.values(settings).map((setting) => ({
    variable: setting.fileVariable === undefined ? setting.variable : `${setting.variable} or ${setting.fileVariable}`,
    fallback: describeFallback(setting),
    description: setting.description,
  }));
}

function describeFallback(setting: Setting<unknown>): string {
  if (setting.required) return 'required';
  return setting.secret || setting.fallback === undefined ? 'none' : String(setting.fallback);
}

function readSetting(setting: Setting<unknown>, env: Environment, problems: string[]): unknown {
  const text = readText(setting, env, problems);
  if (text === 'unreadable-file') return undefined;
  if (text.value === undefined || text.value === '') return missing(setting, problems);
  const value = setting.parse(text.value);
  if (!isUnreadable(value)) return value;
  const shown = setting.secret ? '' : `, not ${JSON.stringify(text.value)}`;
  problems.push(`${text.variable} must be ${value.expected}${shown}.`);
  return undefined;
}

function missing(setting: Setting<unknown>, problems: string[]): unknown {
  if (!setting.required) return setting.fallback;
  const names =
    setting.fileVariable === undefined ? setting.variable : `${setting.variable} or ${setting.fileVariable}`;
  problems.push(`${names} is not set: ${setting.description}`);
  return undefined;
}

type SettingText = { readonly variable: string; readonly value: string | undefined };

function readText(setting: Setting<unknown>, env: Environment, problems: string[]): SettingText | 'unreadable-file' {
  const direct = env[setting.variable];
  const path = setting.fileVariable === undefined ? undefined : env[setting.fileVariable];
  if (direct || path === undefined || setting.fileVariable === undefined) {
    return { variable: setting.variable, value: direct };
  }
  try {
    return { variable: setting.fileVariable, value: readFileSync(path, 'utf8').trim() };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    problems.push(`${setting.fileVariable} names the file ${path}, which cannot be read (${code}).`);
    return 'unreadable-file';
  }
}

function isUnreadable(value: unknown): value is Unreadable {
  return typeof value === 'object' && value !== null && 'expected' in value;
}
