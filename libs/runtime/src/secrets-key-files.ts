/**
 * The secrets keys of files, read again while the process runs, so that a key can be replaced without a restart. A file that
 * cannot be read, or holds no keys, is told, and the keys that were there stay.
 */
import { type Environment, readConfig } from './config.ts';
import type { Logger } from './logger.ts';
import { SHARED_SETTINGS } from './service-settings.ts';

/** What holds the keys; it answers whether they differ from those before. */
export interface ReplaceableKeys {
  readonly all: readonly { readonly id: string }[];
  replace(current: Uint8Array, others: readonly Uint8Array[]): boolean;
}

const LOOK_EVERY_MS = 5_000;

const { secretsKey, otherSecretsKeys } = SHARED_SETTINGS;
const FILES = [secretsKey, otherSecretsKeys].map(({ variable, fileVariable }) => ({ variable, fileVariable }));

/** Says which keys there are. Returns the function that ends it. Follows nothing when the environment names no file: what it says itself cannot change. */
export function followSecretsKeys(
  env: Environment,
  keys: ReplaceableKeys,
  logger: Logger,
  everyMs: number = LOOK_EVERY_MS,
): () => void {
  logger.event('secrets.keys-read', idsOf(keys));
  if (!FILES.some((names) => isReadFromFile(env, names))) return () => undefined;
  const timer = setInterval(() => readAgain(env, keys, logger), everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

function isReadFromFile(env: Environment, { variable, fileVariable }: (typeof FILES)[number]): boolean {
  return !env[variable] && fileVariable !== undefined && Boolean(env[fileVariable]);
}

function readAgain(env: Environment, keys: ReplaceableKeys, logger: Logger): void {
  try {
    const found = readConfig({ secretsKey, otherSecretsKeys }, env);
    if (!keys.replace(found.secretsKey, found.otherSecretsKeys)) return;
    logger.event('secrets.keys-replaced', idsOf(keys));
  } catch (error) {
    logger.event('secrets.keys-unreadable', { err: error });
  }
}

function idsOf(keys: ReplaceableKeys): { current: string | undefined; others: string[] } {
  const [current, ...others] = keys.all.map(({ id }) => id);
  return { current, others };
}
