/**
 * What one setting of a service is: its environment variable, how its text becomes a value, and what to do when it is wrong.
 *
 * A reader could break: a parser never repeats the text of a secret in its problem, because problems are printed.
 */

/** Text that could not be read as the setting's type; `expected` completes the sentence "X must be ...". */
export interface Unreadable {
  readonly expected: string;
}

/** What may stand in the variable, in the words of JSON Schema, for whoever checks settings before a service reads them. */
export interface SettingForm {
  readonly type: 'string' | 'integer' | 'number' | 'boolean';
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
}

export interface Setting<T> {
  readonly variable: string;
  readonly form: SettingForm;
  /** One sentence for the documentation and for the message when the setting is missing. */
  readonly description: string;
  readonly secret: boolean;
  /** Used when the variable is absent; `undefined` together with `required` makes absence a problem. */
  readonly fallback: T | undefined;
  readonly required: boolean;
  /** A second variable that names a file holding the value, for secrets that are mounted. */
  readonly fileVariable?: string;
  readonly parse: (text: string) => T | Unreadable;
}

interface Options<T> {
  readonly description: string;
  readonly fallback?: T;
  readonly secret?: boolean;
}

const TEXT: SettingForm = { type: 'string' };

function setting<T>(
  variable: string,
  options: Options<T>,
  parse: Setting<T>['parse'],
  form: SettingForm = TEXT,
): Setting<T> {
  return {
    variable,
    form,
    description: options.description,
    secret: options.secret ?? false,
    fallback: options.fallback,
    required: options.fallback === undefined,
    parse,
  };
}

/** The same setting, whose absence is `undefined` and no problem. */
export function optional<T>(inner: Setting<T>): Setting<T | undefined> {
  return { ...inner, required: false };
}

/** Any text that is not empty. */
export function textSetting(variable: string, options: Options<string>): Setting<string> {
  return setting(variable, options, (text) => text);
}

/** A whole number within bounds, both inclusive. */
export function integerSetting(
  variable: string,
  options: Options<number> & { readonly min?: number; readonly max?: number },
): Setting<number> {
  const min = options.min ?? 0;
  const max = options.max ?? Number.MAX_SAFE_INTEGER;
  const parse = (text: string): number | Unreadable => {
    const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
    const valid = value >= min && value <= max;
    return valid ? value : { expected: `a whole number from ${min} to ${max}` };
  };
  return setting<number>(variable, options, parse, { type: 'integer', minimum: min, maximum: max });
}

/** A share from 0 to 1, both inclusive. */
export function ratioSetting(variable: string, options: Options<number>): Setting<number> {
  const parse = (text: string): number | Unreadable => {
    const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
    return value <= 1 ? value : { expected: 'a number from 0 to 1' };
  };
  return setting<number>(variable, options, parse, { type: 'number', minimum: 0, maximum: 1 });
}

/** A TCP port; 0 lets the system choose. */
export function portSetting(variable: string, options: Options<number>): Setting<number> {
  return integerSetting(variable, { ...options, min: 0, max: 65_535 });
}

export function flagSetting(variable: string, options: Options<boolean>): Setting<boolean> {
  const parse = (text: string): boolean | Unreadable => {
    if (text === 'true') return true;
    if (text === 'false') return false;
    return { expected: 'true or false' };
  };
  return setting<boolean>(variable, options, parse, { type: 'boolean' });
}

export function oneOfSetting<const T extends string>(
  variable: string,
  allowed: readonly T[],
  options: { readonly description: string; readonly fallback?: NoInfer<T> },
): Setting<T> {
  const parse = (text: string): T | Unreadable => {
    const found = allowed.find((value) => value === text);
    return found ?? { expected: `one of ${allowed.join(', ')}` };
  };
  return setting<T>(variable, options, parse, { type: 'string', enum: allowed });
}

/** A URL of one of the given schemes (without the colon), kept as text. A secret one may come from a file, as a key may. */
export function urlSetting(
  variable: string,
  options: Options<string> & { readonly schemes: readonly string[] },
): Setting<string> {
  const expected = `a URL that starts with ${options.schemes.map((scheme) => `${scheme}://`).join(' or ')}`;
  const parse = (text: string): string | Unreadable => {
    const scheme = URL.canParse(text) ? new URL(text).protocol.slice(0, -1) : '';
    return options.schemes.includes(scheme) ? text : { expected };
  };
  const form: SettingForm = { type: 'string', pattern: `^(${options.schemes.join('|')})://` };
  const direct = setting<string>(variable, options, parse, form);
  return options.secret ? inFileToo(direct) : direct;
}

interface KeyOptions {
  readonly description: string;
  readonly bytes: number;
}

/** A key of `bytes` bytes in base64; `${variable}_FILE` may name a file that holds it. */
export function keySetting(variable: string, options: KeyOptions): Setting<Buffer> {
  const base = setting<Buffer>(variable, { ...options, secret: true }, (text) => {
    const key = Buffer.from(text.trim(), 'base64');
    return key.length === options.bytes ? key : { expected: `${options.bytes} bytes in base64` };
  });
  return inFileToo(base);
}

/** For secrets that are mounted: the environment of a process is shown by many tools, a file of its own is not. */
function inFileToo<T>(direct: Setting<T>): Setting<T> {
  return { ...direct, fileVariable: `${direct.variable}_FILE` };
}

/** Any number of such keys, with commas, spaces or newlines between; none when it is absent. */
export function keysSetting(variable: string, options: KeyOptions): Setting<readonly Buffer[]> {
  const base = setting<readonly Buffer[]>(variable, { ...options, fallback: [], secret: true }, (text) => {
    const words = text.split(/[\s,]+/).filter((word) => word !== '');
    const keys = words.map((word) => Buffer.from(word, 'base64'));
    const isWrong = keys.some((key) => key.length !== options.bytes);
    return isWrong ? { expected: `keys of ${options.bytes} bytes in base64 with commas between` } : keys;
  });
  return { ...base, fileVariable: `${variable}_FILE` };
}
