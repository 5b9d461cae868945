// Plays the storage: makes volumes for claims of the classes it serves, grows them, and removes them when their claims are gone.
import { isAlreadyExists, KubeError } from '@compute/kube-client';
import { Controller } from '../controller.ts';
import type { EventRecorder } from '../event-recorder.ts';
import {
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  type StorageClass,
} from '../kinds.ts';
import { parseBytes } from '../kubevirt/quantity.ts';
import type { PlayersContext } from './players-context.ts';

const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node';
const noSpace = 'not enough space in storage pool';

export class Provisioner {
  readonly #context: PlayersContext;
  readonly #recorder: EventRecorder;
  readonly #resizer: EventRecorder;
  readonly #claims: Controller;
  readonly #volumes: Controller;
  readonly #readyAt = new Map<string, number>();
  #unsubscribe: () => void = () => undefined;

  constructor(context: PlayersContext) {
    this.#context = context;
    this.#recorder = context.recorder('linstor.csi.linbit.com_linstor-csi-controller');
    this.#resizer = context.recorder('external-resizer linstor.csi.linbit.com');
    const { clock, onError } = context;
    const report = (error: unknown): void => {
      if (!(error instanceof Error && error.cause instanceof StorageFull)) onError(error);
    };
    this.#claims = new Controller({
      name: 'provisioner',
      clock,
      reconcile: (key) => this.#claim(key),
      onError: report,
    });
    this.#volumes = new Controller({ name: 'volume-remover', clock, reconcile: (key) => this.#volume(key), onError });
  }

  start(): void {
    const { claims, volumes, classes, switches } = this.#context;
    this.#claims
      .watch(claims, ({ type, key, object }) => {
        if (type === 'deleted') this.#readyAt.delete(object.metadata.uid ?? '');
        return [key];
      })
      .watch(classes, () => claims.keys());
    this.#volumes.watch(volumes, ({ key }) => [key]);
    this.#unsubscribe = switches.onChange(() => {
      for (const key of claims.keys()) this.#claims.add(key);
    });
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    await Promise.all([this.#claims.stop(), this.#volumes.stop()]);
  }

  async #claim(key: string): Promise<{ afterMs: number } | undefined> {
    const claim = this.#context.claims.getByKey(key);
    if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) return undefined;
    const storageClass = this.#context.classes.get(undefined, claim.spec.storageClassName ?? '');
    if (storageClass === undefined) return undefined;
    if (claim.spec.volumeName !== undefined) return this.#expand(claim, storageClass);
    if (claim.spec.dataSourceRef !== undefined || !this.#mayBegin(claim)) return undefined;
    return this.#provision(claim, storageClass);
  }

  #mayBegin(claim: PersistentVolumeClaim): boolean {
    return !this.#context.waitsForConsumer(claim) || claim.metadata.annotations?.[selectedNodeAnnotation] !== undefined;
  }

  async #provision(claim: PersistentVolumeClaim, storageClass: StorageClass): Promise<{ afterMs: number } | undefined> {
    const { namespace, name } = claim.metadata;
    if (this.#context.volumes.get(undefined, volumeName(claim)) !== undefined) return undefined;
    const message = `External provisioner is provisioning volume for claim "${namespace}/${name}"`;
    const leftMs = this.#leftMs(claim);
    if (leftMs === undefined) await this.#recorder.tell(claim, 'Normal', 'Provisioning', message);
    if (leftMs === undefined || leftMs > 0) return { afterMs: (leftMs ?? this.#durationMs(claim)) + 1 };
    await this.#refuse(claim, storageClass);
    const volume = volumeFor(claim, storageClass);
    try {
      await this.#context.client.create(persistentVolumes, volume);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
    const done = `Successfully provisioned volume ${volume.metadata.name}`;
    await this.#recorder.tell(claim, 'Normal', 'ProvisioningSucceeded', done);
    return undefined;
  }

  /** Cluster time until the volume is there; undefined at the first question, which begins the wait. */
  #leftMs(claim: PersistentVolumeClaim): number | undefined {
    const uid = claim.metadata.uid ?? '';
    const { clock } = this.#context;
    const readyAt = this.#readyAt.get(uid);
    if (readyAt !== undefined) {
      return this.#isSlow(claim) === undefined
        ? Math.max(0, (readyAt - performance.now()) * clock.scale)
        : this.#slowLeftMs(claim, readyAt);
    }
    this.#readyAt.set(uid, performance.now() + clock.realMs(this.#context.times.provisionMs));
    return undefined;
  }

  #isSlow(claim: PersistentVolumeClaim): number | undefined {
    const { switches } = this.#context;
    return switches.find(switches.state.slowProvisioning, this.#context.claimTarget(claim))?.delayMs;
  }

  #slowLeftMs(claim: PersistentVolumeClaim, readyAt: number): number {
    const { clock } = this.#context;
    return Math.max(0, (readyAt - performance.now()) * clock.scale + (this.#isSlow(claim) ?? 0));
  }

  #durationMs(claim: PersistentVolumeClaim): number {
    return this.#context.times.provisionMs + (this.#isSlow(claim) ?? 0);
  }

  async #refuse(claim: PersistentVolumeClaim, storageClass: StorageClass): Promise<void> {
    const { switches } = this.#context;
    const rule = switches.find(switches.state.provisioningFailures, this.#context.claimTarget(claim));
    if (rule === undefined) return;
    const reason = rule.message ?? noSpace;
    const message = `failed to provision volume with StorageClass "${storageClass.metadata.name}": ${reason}`;
    await this.#recorder.tell(claim, 'Warning', 'ProvisioningFailed', message);
    throw new StorageFull(message);
  }

  async #expand(claim: PersistentVolumeClaim, storageClass: StorageClass): Promise<{ afterMs: number } | undefined> {
    const wanted = claim.spec.resources?.requests?.storage;
    const present = claim.status?.capacity?.storage;
    if (wanted === undefined || present === undefined || claim.status?.phase !== 'Bound') return undefined;
    if (parseBytes(wanted) <= parseBytes(present) || storageClass.allowVolumeExpansion !== true) return undefined;
    const uid = `${claim.metadata.uid} ${wanted}`;
    const readyAt = this.#readyAt.get(uid);
    const { clock, times } = this.#context;
    if (readyAt === undefined) {
      this.#readyAt.set(uid, performance.now() + clock.realMs(times.expandMs));
      await this.#resizer.tell(
        claim,
        'Normal',
        'Resizing',
        `External resizer is resizing volume ${claim.spec.volumeName}`,
      );
      return { afterMs: times.expandMs + 1 };
    }
    const leftMs = (readyAt - performance.now()) * clock.scale;
    if (leftMs > 0) return { afterMs: leftMs + 1 };
    this.#readyAt.delete(uid);
    await this.#grow(claim, wanted);
    return undefined;
  }

  async #grow(claim: PersistentVolumeClaim, wanted: string): Promise<void> {
    const capacity = { storage: wanted };
    await this.#context.client.mergePatch(
      persistentVolumes,
      { name: claim.spec.volumeName ?? '' },
      { spec: { capacity } },
    );
    const patch = { metadata: { uid: claim.metadata.uid }, status: { capacity, conditions: null } };
    await this.#context.client.mergePatch(persistentVolumeClaims, claim.metadata, patch, { subresource: 'status' });
    await this.#resizer.tell(claim, 'Normal', 'VolumeResizeSuccessful', 'Resize volume succeeded');
  }

  async #volume(name: string): Promise<undefined> {
    const volume = this.#context.volumes.get(undefined, name);
    if (volume?.status?.phase !== 'Released' || volume.metadata.deletionTimestamp !== undefined) return;
    if (volume.spec.persistentVolumeReclaimPolicy !== 'Delete') return;
    const { uid } = volume.metadata;
    await this.#context.client.delete(persistentVolumes, { name }, uid === undefined ? {} : { uid });
  }
}

/** The storage said no; the claim is tried again with growing pauses. */
class StorageFull extends KubeError {
  constructor(message: string) {
    super({ status: 0, reason: 'StorageFull', message });
  }
}

function volumeName(claim: PersistentVolumeClaim): string {
  return `pvc-${claim.metadata.uid}`;
}

function volumeFor(claim: PersistentVolumeClaim, storageClass: StorageClass): PersistentVolume {
  const name = volumeName(claim);
  const { namespace, name: claimName, uid, resourceVersion, annotations } = claim.metadata;
  const node = annotations?.[selectedNodeAnnotation];
  const storage = claim.spec.resources?.requests?.storage ?? '0';
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name,
      annotations: { 'pv.kubernetes.io/provisioned-by': storageClass.provisioner },
      finalizers: ['kubernetes.io/pv-protection'],
    },
    spec: {
      capacity: { storage },
      accessModes: claim.spec.accessModes ?? [],
      volumeMode: claim.spec.volumeMode ?? 'Filesystem',
      storageClassName: storageClass.metadata.name,
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? 'Delete',
      claimRef: {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        ...(namespace === undefined ? {} : { namespace }),
        name: claimName,
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
      csi: { driver: storageClass.provisioner, volumeHandle: name },
      ...(node === undefined ? {} : { nodeAffinity: onlyOn(node) }),
    },
  };
}

// A volume of a class that waits for its consumer lives on the consumer's node.
function onlyOn(node: string): NonNullable<PersistentVolume['spec']['nodeAffinity']> {
  const matchExpressions = [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }];
  return { required: { nodeSelectorTerms: [{ matchExpressions }] } };
}
