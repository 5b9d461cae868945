/**
 * The secrets of a development stack: the key that seals other keys, and the API keys that are printed. Made once, kept in
 * the state folder for its owner alone.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { openStore, type Store } from '@compute/store';
import type { StateFolder } from './state-folder.ts';

export const DEMO_PROJECT = 'demo';

export interface StackKeys {
  /** For the project `demo`. */
  readonly apiKey: string;
  /** For every project, with the right to administer. */
  readonly adminKey: string;
}

/** The key-encryption key in base64: the given one, else one that is made at the first start. */
export function secretsKey(folder: StateFolder): string {
  if (process.env.SECRETS_KEY) return process.env.SECRETS_KEY;
  if (process.env.SECRETS_KEY_FILE) return readFileSync(process.env.SECRETS_KEY_FILE, 'utf8').trim();
  if (!existsSync(folder.secretsKeyFile)) {
    writeFileSync(folder.secretsKeyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  }
  return readFileSync(folder.secretsKeyFile, 'utf8').trim();
}

/** Makes sure that the first project and its keys exist; keys of an earlier start are kept when the database knows them. */
export async function ensureKeys(folder: StateFolder, databaseUrl: string): Promise<StackKeys> {
  const store = await openStore({
    databaseUrl,
    secretsKey: secretsKey(folder),
    poolSize: 2,
    applicationName: 'dev-stack',
    quotaDefaults: {},
  });
  try {
    if ((await store.project(DEMO_PROJECT)) === undefined) await store.createProject(DEMO_PROJECT);
    const known = readKeys(folder);
    if (known && (await isKnown(store, known.apiKey)) && (await isKnown(store, known.adminKey))) return known;
    return await makeKeys(store, folder);
  } finally {
    await store.close();
  }
}

async function makeKeys(store: Store, folder: StateFolder): Promise<StackKeys> {
  const project = await store.createApiKey({ project: DEMO_PROJECT, name: 'development', scopes: ['read', 'write'] });
  const admin = await store.createApiKey({ name: 'development-admin', scopes: ['read', 'write', 'admin'] });
  const keys = { apiKey: project.token, adminKey: admin.token };
  writeFileSync(folder.keysFile, `${JSON.stringify(keys, undefined, 2)}\n`, { mode: 0o600 });
  return keys;
}

function readKeys(folder: StateFolder): StackKeys | undefined {
  return existsSync(folder.keysFile) ? (JSON.parse(readFileSync(folder.keysFile, 'utf8')) as StackKeys) : undefined;
}

function isKnown(store: Store, token: string): Promise<boolean> {
  return store.authenticate(token).then(
    () => true,
    () => false,
  );
}
