/**
 * The cluster as the worker sees it: what is there, what a row renders to, and hands to change it. Nothing here knows a
 * phase or makes a decision; that is the planners' work.
 */
import type {
  Catalogue,
  ClaimWarning,
  DiskAction,
  DiskObserved,
  VmAction,
  VmObserved,
  VmRendered,
} from '@compute/domain';
import { KubeClient, type KubeClientOptions } from '@compute/kube-client';
import { type DatabaseMark, rememberDatabase, seenOfDatabase } from './database-witness.ts';
import type { ActionOutcome } from './execute/action-outcome.ts';
import { isOfRow } from './execute/apply-owned.ts';
import { performDiskAction } from './execute/disk-actions.ts';
import type { NormalForms } from './execute/normal-forms.ts';
import { performVmAction } from './execute/vm-actions.ts';
import { renderedHashes, vmManifests } from './execute/vm-manifests.ts';
import { type CatalogueReport, installCatalogue } from './install-catalogue.ts';
import { dataVolumes } from './kinds.ts';
import { renderDataVolume } from './manifests/data-volume.ts';
import type { HashKeys } from './manifests/manifest-hash.ts';
import { diskObjectName } from './manifests/object-names.ts';
import { FIELD_MANAGER } from './manifests/ownership.ts';
import type { DiskTarget, VmTarget } from './targets.ts';
import { claimWarningsOf } from './view/claim-warnings.ts';
import { type ChangeListener, ClusterView, type ViewHealth } from './view/cluster-view.ts';
import { leftoversOf, type NamedRow } from './view/leftovers.ts';
import { type MachineUsage, machineUsage } from './view/machine-usage.ts';
import type { OwnedObject } from './view/owned-objects.ts';

const MIN_HASH_KEY_BYTES = 16;

export interface ClusterOptions {
  /** Path of a kubeconfig. Absent: KUBECONFIG, ~/.kube/config, the pod's service account, in that order. */
  readonly kubeconfig?: string;
  readonly catalogue: Catalogue;
  /**
   * Key the hashes of Secrets; at least 16 bytes each, the same in every worker, known to nobody else. The first one hashes,
   * and a Secret that was hashed with any of them is left alone; they are asked for each time, so they may be replaced.
   */
  readonly hashKeys: () => HashKeys;
  /** Hears of failed lists and watches; they are tried again for ever. */
  readonly onError?: (error: unknown) => void;
  /** Hears of every finished call, for metrics. */
  readonly onCall?: KubeClientOptions['onCall'];
  /** Time that a call may take, 30 s. */
  readonly callTimeoutMs?: number;
}

export class Cluster {
  readonly #client: KubeClient;
  readonly #view: ClusterView;
  readonly #catalogue: Catalogue;
  readonly #hashKeys: () => HashKeys;
  readonly #normalForms: NormalForms;
  readonly #synced: Promise<void>;

  constructor(client: KubeClient, view: ClusterView, options: Pick<ClusterOptions, 'catalogue' | 'hashKeys'>) {
    this.#client = client;
    this.#view = view;
    this.#catalogue = options.catalogue;
    this.#hashKeys = options.hashKeys;
    this.#normalForms = view.normalForms;
    this.#synced = view.start();
    this.#synced.catch(() => undefined);
  }

  /** Resolves when every kind was listed once; nothing may be observed before. Rejects when closed before. */
  synced(): Promise<void> {
    return this.#synced;
  }

  health(): ViewHealth {
    return this.#view.health();
  }

  /** Tells the row behind every change in the cluster, also for those that are found by the first list. */
  onChange(listener: ChangeListener): () => void {
    return this.#view.onChange(listener);
  }

  observeDisk(target: DiskTarget): DiskObserved {
    return this.#view.observeDisk(target);
  }

  /**
   * Whether the cluster has the disk's volume, though without the label by which it is seen; asked of the cluster itself.
   * Throws KubeError.
   */
  async hasUnlabelledVolume({ disk, namespace }: DiskTarget): Promise<boolean> {
    const live = await this.#client.get(dataVolumes, { namespace, name: diskObjectName(disk.name) });
    if (live === undefined || live.metadata.deletionTimestamp !== undefined) return false;
    // What is not there is not rendered: a disk whose image has left the catalogue can still go.
    return isOfRow(live, renderDataVolume({ disk, namespace, catalogue: this.#catalogue }));
  }

  /** Names of the machines that have a disk plugged in, sorted. */
  machinesWithDisk(namespace: string, disk: string): string[] {
    return this.#view.machinesWithDisk(namespace, disk);
  }

  /** What the cluster complains of about the disk's claim, newest first, asked of the cluster itself. Throws KubeError. */
  claimWarnings(target: DiskTarget): Promise<ClaimWarning[]> {
    return claimWarningsOf(this.#client, target);
  }

  observeVm(target: VmTarget): VmObserved {
    return this.#view.observeVm(target);
  }

  /** Hashes of what the row renders to now. The row's cloudInit must be in clear. */
  renderVm(target: VmTarget): VmRendered {
    return renderedHashes(vmManifests(target, { hashKeys: this.#hashKeys(), present: this.#view.presentVm(target) }));
  }

  /** Never throws for what the cluster answers; throws `InvalidArgument` for an image that the catalogue does not have. */
  async performDiskAction(action: DiskAction, target: DiskTarget): Promise<ActionOutcome> {
    const ports = { client: this.#client, normalForms: this.#normalForms };
    return performDiskAction({ ...ports, view: this.#view, catalogue: this.#catalogue }, action, target);
  }

  /** Never throws for what the cluster answers. The row's cloudInit must be in clear. */
  async performVmAction(action: VmAction, target: VmTarget): Promise<ActionOutcome> {
    const ports = { client: this.#client, normalForms: this.#normalForms };
    return performVmAction({ ...ports, view: this.#view, hashKeys: this.#hashKeys() }, action, target);
  }

  /**
   * What the cluster still has of a row, as `Kind/name`, asked of the cluster itself. To be called before a row is
   * removed for good, since the picture may lag behind another worker's write. Throws KubeError.
   */
  leftovers(row: NamedRow, namespace: string): Promise<string[]> {
    return leftoversOf(this.#client, row, namespace);
  }

  /** Every object in the cluster that says it is of a row of ours, whether or not there is such a row. */
  ownedObjects(): OwnedObject[] {
    return this.#view.ownedObjects();
  }

  /** The highest mark that this cluster has seen of a database; undefined when it has seen none. Throws KubeError. */
  seenOfDatabase(id: string): Promise<DatabaseMark | undefined> {
    return seenOfDatabase(this.#client, id);
  }

  /** Throws KubeError. */
  rememberDatabase(id: string, mark: DatabaseMark): Promise<void> {
    return rememberDatabase(this.#client, id, mark);
  }

  /** Installs missing instance types and reports what differs or is missing. Throws KubeError. */
  installCatalogue(): Promise<CatalogueReport> {
    return installCatalogue(this.#client, this.#catalogue);
  }

  /** What machines use now: one list of the metrics API for all of them. Throws KubeError. */
  machineUsage(): Promise<MachineUsage[]> {
    return machineUsage(this.#client);
  }

  /** Stops following and ends all connections. */
  async close(): Promise<void> {
    await this.#view.stop();
    await this.#client.close();
  }
}

/**
 * Opens the cluster of a kubeconfig and starts following it. Resolves at once, also when the cluster cannot be reached:
 * `synced()` and `health()` tell. Throws when the kubeconfig cannot be read or the hash key is too short.
 */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const lengths = options.hashKeys().map(({ byteLength }) => byteLength);
  if (lengths.length === 0 || Math.min(...lengths) < MIN_HASH_KEY_BYTES) {
    throw new TypeError(`a hash key needs at least ${MIN_HASH_KEY_BYTES} bytes, not ${Math.min(0, ...lengths)}`);
  }
  const { kubeconfig, onCall, callTimeoutMs: timeoutMs } = options;
  const clientOptions = { userAgent: FIELD_MANAGER, fieldManager: FIELD_MANAGER, onCall, timeoutMs };
  const client =
    kubeconfig === undefined
      ? KubeClient.fromDefault(clientOptions)
      : KubeClient.fromKubeconfigFile(kubeconfig, clientOptions);
  const onError = options.onError ?? ((error: unknown) => process.emitWarning(`cluster: ${error}`));
  return new Cluster(client, new ClusterView(client, onError), options);
}
