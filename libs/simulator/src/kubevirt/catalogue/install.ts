/** Puts instance types and preferences into a cluster. What is there already is left as it is. */
import { isAlreadyExists, type KubeClient } from '@compute/kube-client';
import { clusterInstancetypes, clusterPreferences } from '../kinds.ts';
import { clusterInstancetypeObjects } from './instancetypes.ts';
import { clusterPreferenceObjects } from './preferences.ts';

/** Repeatable; resolves when all of them exist. */
export async function installKubeVirtCatalogue(client: KubeClient): Promise<void> {
  const types = clusterInstancetypeObjects().map((type) => ignorePresent(client.create(clusterInstancetypes, type)));
  const preferences = clusterPreferenceObjects().map((one) => ignorePresent(client.create(clusterPreferences, one)));
  await Promise.all([...types, ...preferences]);
}

async function ignorePresent(created: Promise<unknown>): Promise<void> {
  try {
    await created;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}
