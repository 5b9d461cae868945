/** What an adoption stands on: database, cluster, catalogue and limits, for the length of one command. */
import { readFile } from 'node:fs/promises';
import { quotaDefaultsOf, UNLIMITED_QUOTA } from '@compute/contract';
import { type Catalogue, Fault, type ProjectRecord } from '@compute/domain';
import { KubeClient } from '@compute/kube-client';
import { optional, readCatalogue, textSetting } from '@compute/runtime';
import type { Store } from '@compute/store';
import type { Call, CommandOption } from '../command.ts';
import { withStore } from '../store-call.ts';

const CLUSTER_SETTINGS = {
  kubeconfig: optional(textSetting('KUBECONFIG', { description: 'how to reach the cluster.' })),
  catalogueFile: optional(textSetting('CATALOGUE_FILE', { description: 'what is added to the built-in catalogue.' })),
  quotaDefaultsFile: optional(
    textSetting('QUOTA_DEFAULTS_FILE', { description: 'the limits of projects that nobody set, as for the API.' }),
  ),
};

export interface AdoptionPorts {
  readonly store: Store;
  readonly client: KubeClient;
  readonly catalogue: Catalogue;
}

/** What an operator decides about an adoption. */
export interface AdoptionChoices {
  /** Paths of what may be lost. */
  readonly accepted: readonly string[];
  readonly beyondQuota: boolean;
  readonly dryRun: boolean;
}

export const CHOICE_OPTIONS: Readonly<Record<string, CommandOption>> = {
  'dry-run': { about: 'shows the row and what would become of the object; nothing is changed' },
  accept: { takes: '<path,...>', about: 'what may be lost, as the report names it; a path covers what is below it' },
  'beyond-quota': { about: 'adopts it even when the project has no quota left for it' },
};

export function choicesOf(call: Call): AdoptionChoices {
  const accepted = (call.text('accept') ?? '').split(',').filter((path) => path !== '');
  return { accepted, beyondQuota: call.flag('beyond-quota'), dryRun: call.flag('dry-run') };
}

/** Throws ConfigurationError, and what opening the store throws. */
export async function withAdoption<T>(call: Call, work: (ports: AdoptionPorts) => Promise<T>): Promise<T> {
  const { kubeconfig, catalogueFile, quotaDefaultsFile: limits } = call.settings(CLUSTER_SETTINGS);
  const catalogue = await readCatalogue(catalogueFile);
  const written = limits === undefined || limits === UNLIMITED_QUOTA ? limits : await readFile(limits, 'utf8');
  const quotaDefaults = quotaDefaultsOf(written, catalogue);
  const client = kubeconfig === undefined ? KubeClient.fromDefault() : KubeClient.fromKubeconfigFile(kubeconfig);
  try {
    return await withStore(call, (store) => work({ store, client, catalogue }), quotaDefaults);
  } finally {
    await client.close();
  }
}

/** Throws `NotFound`. */
export async function projectOf({ store }: AdoptionPorts, name: string): Promise<ProjectRecord> {
  const project = await store.project(name);
  if (!project) throw new Fault('NotFound', `There is no project ${name}.`);
  return project;
}
