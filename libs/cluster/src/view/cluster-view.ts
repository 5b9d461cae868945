/**
 * A local, always current picture of our objects in the cluster, and the news of what changed in it.
 *
 * Informers select by the label of the row's uid: CDI copies a DataVolume's labels to its claim and KubeVirt copies the
 * template's to the machine, so every object that matters carries it. News that change no projection are not passed on.
 */
import { isDeepStrictEqual } from 'node:util';
import { type DiskObserved, Fault, type VmObserved } from '@compute/domain';
import {
  Informer,
  type InformerChange,
  type KubeClient,
  type KubeObject,
  parseObjectKey,
  type ResourceKind,
} from '@compute/kube-client';
import { NormalForms } from '../execute/normal-forms.ts';
import {
  claims,
  dataVolumes,
  namespaces,
  nodes,
  pods,
  secrets,
  services,
  virtualMachineInstances,
  virtualMachines,
} from '../kinds.ts';
import { cloudInitSecretName, diskObjectName, sshKeysSecretName, vmObjectName } from '../manifests/object-names.ts';
import { PROJECT_LABEL, type RowRef, UID_LABEL } from '../manifests/ownership.ts';
import { type PresentVm, presentVm } from '../manifests/present-vm.ts';
import type { DiskTarget, VmTarget } from '../targets.ts';
import { type DiskUser, DiskUsers } from './disk-users.ts';
import { type FailedPod, LauncherCrashes, projectFailedPod } from './launcher-crashes.ts';
import { diskObserved, vmObserved } from './observe.ts';
import { OWNED_KINDS, type OwnedKind, type OwnedObject, ownedBy } from './owned-objects.ts';
import {
  type Projected,
  projectClaim,
  projectDataVolume,
  projectMachine,
  projectNamespace,
  projectNode,
  projectObject,
  projectService,
  projectVirtualMachine,
} from './projections.ts';

/** Few pods match, so that following them costs nothing, however many machines run. */
const FAILED_PODS = 'status.phase=Failed';

export interface ViewHealth {
  /** Every kind was listed at least once; before that nothing may be decided. */
  readonly synced: boolean;
  /** Plural names of the kinds that were not listed yet. */
  readonly waitingFor: readonly string[];
  /** When the cluster was last heard of, on the kind that is silent longest; absent until synced. */
  readonly lastEventAt?: Date;
}

export type ChangeListener = (row: RowRef) => void;

interface Followed {
  readonly plural: string;
  readonly informer: Informer<KubeObject, unknown>;
  synced: boolean;
}

export class ClusterView {
  readonly #client: KubeClient;
  readonly #onError: (error: unknown) => void;
  readonly #followed: Followed[] = [];
  readonly #listeners = new Set<ChangeListener>();
  /** By the machines that are up, and by the manifests that the next ones start from. */
  readonly #diskUsers = new DiskUsers();
  readonly #diskClaimants = new DiskUsers();
  #synced = false;
  readonly #dataVolumes;
  readonly #claims;
  readonly #virtualMachines;
  readonly #machines;
  readonly #services;
  readonly #secrets;
  readonly #namespaces;
  readonly #failedPods;
  readonly #nodes;
  readonly #crashes = new LauncherCrashes();
  /** What the server made of our own manifests, which is nobody's change. */
  readonly normalForms = new NormalForms();

  constructor(client: KubeClient, onError: (error: unknown) => void) {
    this.#client = client;
    this.#onError = onError;
    this.#dataVolumes = this.#followRows(dataVolumes, projectDataVolume);
    this.#claims = this.#followRows(claims, projectClaim);
    this.#virtualMachines = this.#followRows(virtualMachines, projectVirtualMachine);
    this.#machines = this.#followRows(virtualMachineInstances, projectMachine);
    this.#services = this.#followRows(services, projectService);
    this.#secrets = this.#followRows(secrets, projectObject);
    this.#namespaces = this.#follow(namespaces, PROJECT_LABEL, projectNamespace);
    this.#failedPods = this.#follow(pods, UID_LABEL, projectFailedPod, FAILED_PODS);
    this.#nodes = this.#follow(nodes, '', projectNode);
    this.#nodes.onChange((change) => this.#onNode(change));
    this.#failedPods.onChange((change) => this.#onFailedPod(change));
    this.#machines.onChange((change) => this.#onDisksOf(change, this.#diskUsers));
    this.#virtualMachines.onChange((change) => this.#onDisksOf(change, this.#diskClaimants));
  }

  /** Starts following; resolves when every kind was listed. Rejects only when stopped before. */
  async start(): Promise<void> {
    const starting = this.#followed.map(async (followed) => {
      await followed.informer.start();
      followed.synced = true;
    });
    await Promise.all(starting);
    this.#synced = true;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#followed.map(({ informer }) => informer.stop()));
  }

  health(): ViewHealth {
    const waitingFor = this.#followed.filter(({ synced }) => !synced).map(({ plural }) => plural);
    if (waitingFor.length > 0) return { synced: false, waitingFor };
    const lastEventAt = Math.min(...this.#followed.map(({ informer }) => informer.lastEventAt));
    return { synced: true, waitingFor, lastEventAt: new Date(lastEventAt) };
  }

  /** Every object that carries the uid of a row. As {@link observeDisk}, throws before the first lists are complete. */
  ownedObjects(): OwnedObject[] {
    this.#requireSynced();
    const followed: Readonly<Record<OwnedKind, Informer<never, Projected<unknown>>>> = {
      DataVolume: this.#dataVolumes,
      PersistentVolumeClaim: this.#claims,
      VirtualMachine: this.#virtualMachines,
      VirtualMachineInstance: this.#machines,
      Service: this.#services,
      Secret: this.#secrets,
    };
    return OWNED_KINDS.flatMap((kind) => ownedBy(kind, followed[kind].entries()));
  }

  /** Calls the listener with the row of every object that changed. Returns what removes it again. */
  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Throws `Unavailable` before the first lists are complete: what is merely not known yet would look lost. */
  observeDisk({ disk, namespace }: DiskTarget): DiskObserved {
    this.#requireSynced();
    const name = diskObjectName(disk.name);
    return diskObserved(disk, {
      isNormalForm: (uid, content) => this.normalForms.has(uid, content),
      at: new Date(),
      namespaceExists: this.#namespaceExists(namespace),
      dataVolume: this.#dataVolumes.get(namespace, name),
      claim: this.#claims.get(namespace, name),
      usedByMachines: this.#usersOf(namespace, disk.name),
    });
  }

  /** Names of the machines that have a disk plugged in, sorted. */
  machinesWithDisk(namespace: string, disk: string): string[] {
    return this.#diskUsers.of(namespace, disk);
  }

  /** As {@link observeDisk}. */
  observeVm({ vm, namespace, disks }: VmTarget): VmObserved {
    this.#requireSynced();
    const name = vmObjectName(vm.name);
    return vmObserved(vm, disks, {
      isNormalForm: (uid, content) => this.normalForms.has(uid, content),
      at: new Date(),
      namespaceExists: this.#namespaceExists(namespace),
      virtualMachine: this.#virtualMachines.get(namespace, name),
      machine: this.#machines.get(namespace, name),
      service: this.#services.get(namespace, name),
      cloudInitSecret: this.#secrets.get(namespace, cloudInitSecretName(vm.name)),
      sshKeysSecret: this.#secrets.get(namespace, sshKeysSecretName(vm.name)),
      lastCrash: this.#crashes.of(vm.uid),
      isNodeSilent: (node) => this.#nodes.get(undefined, node)?.silent === true,
      usersOfDisk: (disk) => this.#usersOf(namespace, disk),
    });
  }

  /** What the next manifest of the machine depends on; undefined without a VirtualMachine of this row. */
  presentVm(target: VmTarget): PresentVm | undefined {
    const observed = this.observeVm(target);
    const present = this.#virtualMachines.get(target.namespace, vmObjectName(target.vm.name));
    return presentVm(observed, present?.firmwareUuid);
  }

  /** Names of the machines that have the disk, or will have it at their next start; sorted. */
  #usersOf(namespace: string, disk: string): string[] {
    return [...new Set([...this.#diskUsers.of(namespace, disk), ...this.#diskClaimants.of(namespace, disk)])].sort();
  }

  #requireSynced(): void {
    if (this.#synced) return;
    throw new Fault('Unavailable', `The cluster is not known yet: ${this.health().waitingFor.join(', ')} not listed.`);
  }

  #namespaceExists(namespace: string): boolean {
    return this.#namespaces.get(undefined, namespace)?.deleting === false;
  }

  #followRows<T extends KubeObject, P extends Projected<unknown>>(
    kind: ResourceKind<T>,
    project: (object: T) => P,
  ): Informer<T, P> {
    const informer = this.#follow(kind, UID_LABEL, project);
    informer.onChange((change) => this.#onRowObject(change));
    return informer;
  }

  #follow<T extends KubeObject, P>(
    kind: ResourceKind<T>,
    labelSelector: string,
    project: (object: T) => P,
    fieldSelector?: string,
  ): Informer<T, P> {
    const informer = new Informer<T, P>({
      client: this.#client,
      kind,
      labelSelector,
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
      project,
      onError: this.#onError,
    });
    this.#followed.push({ plural: kind.plural, informer: informer as Followed['informer'], synced: false });
    return informer;
  }

  #onRowObject({ type, object, previous }: InformerChange<Projected<unknown>>): void {
    if (type === 'modified' && isDeepStrictEqual(object, previous)) return;
    if (previous?.row !== undefined && previous.row.uid !== object.row?.uid) this.#tell(previous.row);
    this.#tell(object.row);
  }

  // A disk's row tells which machines have it, and a disk waits with its deletion until none does.
  #onDisksOf({ type, key, object, previous }: InformerChange<DiskUser>, users: DiskUsers): void {
    const { namespace = '' } = parseObjectKey(key);
    const now = type === 'deleted' ? undefined : object;
    const before = type === 'added' ? undefined : previous;
    const [had, has] = [before?.observed.disks ?? [], now?.observed.disks ?? []];
    if (isDeepStrictEqual(had, has)) return;
    users.update(namespace, before, now);
    for (const disk of new Set([...had, ...has])) this.#tell(this.#rowOfDisk(namespace, disk));
  }

  // Of a lost node nothing is heard, so nothing of its machines changes either.
  #onNode({ type, key, object, previous }: InformerChange<{ readonly silent: boolean }>): void {
    if (type !== 'modified' || object.silent === previous?.silent) return;
    for (const { observed, row } of this.#machines.list()) if (observed.nodeName === key) this.#tell(row);
  }

  // A pod that failed is gone a moment later, so what it told is kept here.
  #onFailedPod({ type, object }: InformerChange<FailedPod>): void {
    if (type === 'deleted' || object.row?.kind !== 'VMInstance') return;
    this.#crashes.remember(object.row.uid, object);
    this.#tell(object.row);
  }

  #rowOfDisk(namespace: string, disk: string): RowRef | undefined {
    const name = diskObjectName(disk);
    return (this.#dataVolumes.get(namespace, name) ?? this.#claims.get(namespace, name))?.row;
  }

  #tell(row: RowRef | undefined): void {
    if (row === undefined) return;
    for (const listener of this.#listeners) listener(row);
  }
}
