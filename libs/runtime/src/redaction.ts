/**
 * Takes secrets out of what is logged, by the names of their fields. Looks instead of copying: most lines hold none, and
 * one is written for every request.
 */

const SECRET_KEYS = new Set([
  'apiKey',
  'authorization',
  'cloudInit',
  'cookie',
  'databaseUrl',
  'idempotencyKey',
  'password',
  'secret',
  'secretsKey',
  'otherSecretsKeys',
  'sshKeys',
  'token',
  'userData',
]);
const CENSORED = '[redacted]';
const DEEPEST_LEVEL = 2;

type Fields = Record<string, unknown>;

/** The same object when nothing in it is secret; otherwise a copy with `[redacted]` in place of each secret. */
export function redacted(fields: Fields): Fields {
  return cleaned(fields, 0) as Fields;
}

function cleaned(value: object, level: number): object {
  let copy: Fields | undefined;
  for (const [key, member] of Object.entries(value)) {
    const clean = SECRET_KEYS.has(key) ? CENSORED : level < DEEPEST_LEVEL ? below(member, level + 1) : member;
    if (clean === member) continue;
    copy ??= (Array.isArray(value) ? [...value] : { ...value }) as Fields;
    copy[key] = clean;
  }
  return copy ?? value;
}

/** Errors are described by the logger itself, which takes none of the fields that hang on them. */
function below(member: unknown, level: number): unknown {
  return typeof member === 'object' && member !== null && !(member instanceof Error) ? cleaned(member, level) : member;
}
