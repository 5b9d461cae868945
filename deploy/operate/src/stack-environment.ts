/** A development stack's parts as the variables that the services read, from its state folder. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Environment } from '@compute/runtime';

interface StackFile {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly cluster: { readonly kubeconfig: string };
}

/** Throws an Error with a sentence when no stack runs there. */
export function environmentOfStack(folder: string, from: string, env: Environment): Environment {
  const path = resolve(from, folder);
  const file = join(path, 'stack.json');
  if (!existsSync(file)) throw new Error(`No stack runs in ${path}: there is no stack.json.`);
  const { databaseUrl, redisUrl, cluster } = JSON.parse(readFileSync(file, 'utf8')) as StackFile;
  const given = env.SECRETS_KEY || env.SECRETS_KEY_FILE;
  return {
    ...env,
    ...{ DATABASE_URL: databaseUrl, REDIS_URL: redisUrl, KUBECONFIG: cluster.kubeconfig },
    ...(given ? {} : { SECRETS_KEY_FILE: join(path, 'secrets.key') }),
  };
}
