/** Looks at everything that an installation stands on and says what is wrong with it, each with a remedy. */

import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  ConfigurationError,
  optional,
  readCatalogue,
  SHARED_SETTINGS,
  textSetting,
  urlSetting,
} from '@compute/runtime';
import { WrappingKeys } from '@compute/store';
import type { Call, Command } from '../command.ts';
import type { Finding } from '../doctor/finding.ts';
import { judgeCluster } from '../doctor/judge-cluster.ts';
import { judgeDatabase } from '../doctor/judge-database.ts';
import { judgeRedis } from '../doctor/judge-redis.ts';

const WORKER_ROLE = fileURLToPath(new URL('../../../cluster/worker-role.yaml', import.meta.url));
const PERIOD_MS = { hour: 3_600_000, minute: 60_000 } as const;
const MARKS = { ok: 'ok     ', warning: 'warning', error: 'ERROR  ' } as const;

export const doctor: Command = {
  usage: '[--role <file>]',
  about: 'Looks at database, Redis and cluster, and says what is wrong with a remedy for each.',
  words: 0,
  options: {
    role: { takes: '<file>', about: 'the ClusterRole that a worker needs; without it deploy/cluster/worker-role.yaml' },
  },
  wrongWhen: 'there is an error among the findings',
  run: async (call) => {
    const parts = await Promise.all([
      asked('database', () => databaseOf(call)),
      asked('redis', () => redisOf(call)),
      asked('cluster', () => clusterOf(call)),
    ]);
    const findings = parts.flat();
    const isWrong = findings.some(({ level }) => level === 'error');
    return { json: { ok: !isWrong, findings }, lines: findings.flatMap(linesOf), isWrong };
  },
};

function databaseOf(call: Call): Promise<Finding[]> {
  const { databaseUrl, secretsKey, otherSecretsKeys, usagePeriod } = SHARED_SETTINGS;
  const settings = call.settings({ databaseUrl, secretsKey, otherSecretsKeys, usagePeriod });
  const keys = new WrappingKeys(settings.secretsKey, settings.otherSecretsKeys);
  return judgeDatabase(settings.databaseUrl, keys, PERIOD_MS[settings.usagePeriod]);
}

function redisOf(call: Call): Promise<Finding[]> {
  const redisUrl = urlSetting('REDIS_URL', {
    schemes: ['redis', 'rediss'],
    secret: true,
    description: 'where Redis is.',
  });
  return judgeRedis(call.settings({ redisUrl }).redisUrl);
}

async function clusterOf(call: Call): Promise<Finding[]> {
  const { kubeconfig, catalogueFile } = call.settings({
    kubeconfig: optional(textSetting('KUBECONFIG', { description: 'how to reach the cluster.' })),
    catalogueFile: optional(textSetting('CATALOGUE_FILE', { description: 'what is added to the built-in catalogue.' })),
  });
  const given = call.text('role');
  const role = given === undefined ? WORKER_ROLE : resolve(call.folder, given);
  return judgeCluster({ kubeconfig, role, catalogue: await readCatalogue(catalogueFile) });
}

/** A part that does not answer is a finding, and the others are looked at all the same. */
async function asked(area: Finding['area'], judge: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await judge();
  } catch (error) {
    const finding = error instanceof Error ? error.message : String(error);
    const remedy = error instanceof ConfigurationError ? 'Set it as for the services.' : REMEDIES[area];
    return [{ area, level: 'error', finding, remedy }];
  }
}

const REMEDIES: Readonly<Record<Finding['area'], string>> = {
  database: 'See whether Postgres runs and DATABASE_URL names it, user and password included.',
  redis: 'See whether Redis runs and REDIS_URL names it, password included.',
  cluster: 'See whether `kubectl version` answers with the same kubeconfig.',
};

function linesOf({ area, level, finding, remedy }: Finding): string[] {
  const first = `${MARKS[level]}  ${area}: ${finding}`;
  return remedy === undefined ? [first] : [first, `         → ${remedy}`];
}
