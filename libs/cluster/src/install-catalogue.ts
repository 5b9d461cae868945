/**
 * Gives the cluster the instance types of the catalogue that it lacks. Present ones are never touched: others may use
 * them, and editing one would not change a machine that exists anyway. What differs is reported, because quota and bills
 * follow the catalogue while the machine follows the cluster.
 */
import { type Catalogue, type InstanceType, parseQuantityMib } from '@compute/domain';
import { isAlreadyExists, type KubeClient } from '@compute/kube-client';
import { type ClusterInstancetype, clusterInstancetypes, clusterPreferences } from './kinds.ts';
import { renderInstancetype } from './manifests/instancetype.ts';
import { FIELD_MANAGER } from './manifests/ownership.ts';

export interface DifferingInstancetype {
  readonly name: string;
  /** Size of the catalogue. */
  readonly wanted: { readonly vcpu: number; readonly memoryMib: number };
  /** Size that the cluster gives. */
  readonly found: { readonly vcpu: number; readonly memoryMib: number | undefined };
}

export interface CatalogueReport {
  /** Names of the instance types that were made now. */
  readonly installed: readonly string[];
  readonly differing: readonly DifferingInstancetype[];
  /** Profiles of the catalogue for which the cluster has no preference: machines with them will not start. */
  readonly missingProfiles: readonly string[];
}

/** What a cluster has of a catalogue. */
export interface CatalogueComparison extends Omit<CatalogueReport, 'installed'> {
  readonly missing: readonly InstanceType[];
}

/** Changes nothing. Throws KubeError when the cluster cannot be asked. */
export async function compareCatalogue(client: KubeClient, catalogue: Catalogue): Promise<CatalogueComparison> {
  const [types, preferences] = await Promise.all([client.list(clusterInstancetypes), client.list(clusterPreferences)]);
  const present = new Map(types.items.map((item) => [item.metadata.name, item]));
  const profiles = new Set(preferences.items.map((item) => item.metadata.name));
  return {
    missing: catalogue.instanceTypes.filter(({ name }) => !present.has(name)),
    differing: catalogue.instanceTypes.flatMap((type) => difference(type, present.get(type.name))),
    missingProfiles: catalogue.profiles.map(({ name }) => name).filter((name) => !profiles.has(name)),
  };
}

/** Throws KubeError when the cluster cannot be asked. Safe to run from several workers at once. */
export async function installCatalogue(client: KubeClient, catalogue: Catalogue): Promise<CatalogueReport> {
  const { missing, ...rest } = await compareCatalogue(client, catalogue);
  const installed: string[] = [];
  for (const type of missing) installed.push(...(await install(client, type)));
  return { installed, ...rest };
}

async function install(client: KubeClient, type: InstanceType): Promise<string[]> {
  try {
    await client.create(clusterInstancetypes, renderInstancetype(type), { fieldManager: FIELD_MANAGER });
    return [type.name];
  } catch (error) {
    if (isAlreadyExists(error)) return [];
    throw error;
  }
}

function difference(
  { name, vcpu, memoryMib }: InstanceType,
  present: ClusterInstancetype | undefined,
): DifferingInstancetype[] {
  if (present === undefined) return [];
  const { spec } = present;
  const found = { vcpu: spec.cpu.guest, memoryMib: parseQuantityMib(spec.memory.guest) };
  if (found.vcpu === vcpu && found.memoryMib === memoryMib) return [];
  return [{ name, wanted: { vcpu, memoryMib }, found }];
}
