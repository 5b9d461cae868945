// Plays the volume part of kube-controller-manager: binds claims to volumes that name them, tells what unbound claims wait for,
// notices volumes that are lost, and keeps what pods still use from being removed.
import { timestamp } from '../clock.ts';
import { Controller } from '../controller.ts';
import type { EventRecorder } from '../event-recorder.ts';
import { InformerIndex } from '../informer-index.ts';
import {
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
} from '../kinds.ts';
import { claimKeysOf, isFinished, keyOf } from '../pod-claims.ts';
import type { PlayersContext } from './players-context.ts';

const claimFinalizer = 'kubernetes.io/pvc-protection';
const volumeFinalizer = 'kubernetes.io/pv-protection';
const provisionerAnnotations = [
  'volume.kubernetes.io/storage-provisioner',
  'volume.beta.kubernetes.io/storage-provisioner',
];
const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node';
const waitingToldMs = 1_000;

type VolumePhase = NonNullable<PersistentVolume['status']>['phase'];

export class VolumeBinder {
  readonly #context: PlayersContext;
  readonly #recorder: EventRecorder;
  readonly #claims: Controller;
  readonly #volumes: Controller;
  readonly #seenAt = new Map<string, number>();
  readonly #claimsByVolume: InformerIndex<PersistentVolumeClaim>;
  readonly #volumesByClaim: InformerIndex<PersistentVolume>;

  constructor(context: PlayersContext) {
    this.#context = context;
    this.#recorder = context.recorder('persistentvolume-controller');
    this.#claimsByVolume = new InformerIndex(context.claims, ({ spec }) =>
      spec.volumeName === undefined ? [] : [spec.volumeName],
    );
    this.#volumesByClaim = new InformerIndex(context.volumes, wantedBy);
    const { clock, onError } = context;
    this.#claims = new Controller({ name: 'claim-binder', clock, reconcile: (key) => this.#claim(key), onError });
    this.#volumes = new Controller({ name: 'volume-binder', clock, reconcile: (key) => this.#volume(key), onError });
  }

  start(): void {
    const { claims, volumes, pods, classes } = this.#context;
    this.#claims
      .watch(claims, ({ type, key, object }) => {
        if (type === 'deleted') this.#seenAt.delete(object.metadata.uid ?? '');
        return [key];
      })
      .watch(volumes, ({ object }) => this.#claimKeysOf(object))
      .watch(pods, ({ object }) => claimKeysOf(object))
      .watch(classes, () => claims.keys());
    this.#volumes
      .watch(volumes, ({ key }) => [key])
      .watch(claims, ({ object }) => (object.spec.volumeName === undefined ? [] : [object.spec.volumeName]));
  }

  async stop(): Promise<void> {
    await Promise.all([this.#claims.stop(), this.#volumes.stop()]);
  }

  // Besides the claim that the volume names also the one that is bound to it: it may just have lost it.
  #claimKeysOf(volume: PersistentVolume): string[] {
    return [...wantedBy(volume), ...this.#claimsByVolume.get(volume.metadata.name).map(keyOf)];
  }

  async #claim(key: string): Promise<{ afterMs: number } | undefined> {
    const claim = this.#context.claims.getByKey(key);
    if (claim === undefined) return undefined;
    if (claim.metadata.deletionTimestamp !== undefined) return this.#release(claim);
    if (claim.spec.volumeName !== undefined) return this.#keepBound(claim, claim.spec.volumeName);
    const volume = this.#volumeFor(claim);
    if (volume !== undefined) return this.#bind(claim, volume);
    return this.#tellWaiting(claim);
  }

  #volumeFor(claim: PersistentVolumeClaim): PersistentVolume | undefined {
    const { uid } = claim.metadata;
    return this.#volumesByClaim
      .get(keyOf(claim))
      .find(({ spec, metadata }) => metadata.deletionTimestamp === undefined && (spec.claimRef?.uid ?? uid) === uid);
  }

  async #bind(claim: PersistentVolumeClaim, volume: PersistentVolume): Promise<undefined> {
    const patch = {
      metadata: {
        uid: claim.metadata.uid,
        annotations: { 'pv.kubernetes.io/bind-completed': 'yes', 'pv.kubernetes.io/bound-by-controller': 'yes' },
      },
      spec: { volumeName: volume.metadata.name },
    };
    const bound = await this.#context.client.mergePatch(persistentVolumeClaims, claim.metadata, patch);
    await this.#markBound(bound, volume);
  }

  async #keepBound(claim: PersistentVolumeClaim, volumeName: string): Promise<undefined> {
    const volume = this.#context.volumes.get(undefined, volumeName);
    if (volume === undefined) {
      // The copy of the volumes may be older than that of the claims, and a claim that was called lost stays lost.
      if (claim.status?.phase === 'Bound' && !(await this.#exists(volumeName))) {
        const message = 'Bound claim has lost its PersistentVolume. Data on the volume is lost!';
        await this.#lose(claim, 'ClaimLost', message);
      }
      return;
    }
    const owner = volume.spec.claimRef?.uid;
    if (owner !== undefined && owner !== claim.metadata.uid) {
      if (claim.status?.phase === 'Lost') return;
      const message = 'Two claims are bound to the same volume, this one is bound incorrectly';
      return this.#lose(claim, 'ClaimMisbound', message);
    }
    if (claim.status?.phase !== 'Bound') await this.#markBound(claim, volume);
  }

  async #exists(volumeName: string): Promise<boolean> {
    return (await this.#context.client.get(persistentVolumes, { name: volumeName })) !== undefined;
  }

  async #markBound(claim: PersistentVolumeClaim, volume: PersistentVolume): Promise<void> {
    const status = { phase: 'Bound', capacity: volume.spec.capacity, accessModes: volume.spec.accessModes };
    const patch = { metadata: { uid: claim.metadata.uid }, status };
    await this.#context.client.mergePatch(persistentVolumeClaims, claim.metadata, patch, { subresource: 'status' });
  }

  async #lose(claim: PersistentVolumeClaim, reason: string, message: string): Promise<undefined> {
    const patch = { metadata: { uid: claim.metadata.uid }, status: { phase: 'Lost' } };
    await this.#context.client.mergePatch(persistentVolumeClaims, claim.metadata, patch, { subresource: 'status' });
    await this.#recorder.tell(claim, 'Warning', reason, message);
  }

  async #tellWaiting(claim: PersistentVolumeClaim): Promise<{ afterMs: number } | undefined> {
    const className = claim.spec.storageClassName ?? '';
    const storageClass = this.#context.classes.get(undefined, className);
    if (storageClass === undefined) {
      const message = `storageclass.storage.k8s.io "${className}" not found`;
      if (className !== '') await this.#recorder.tell(claim, 'Warning', 'ProvisioningFailed', message);
      return undefined;
    }
    if (this.#context.waitsForConsumer(claim) && claim.metadata.annotations?.[selectedNodeAnnotation] === undefined) {
      return this.#tellConsumer(claim);
    }
    await this.#nameProvisioner(claim, storageClass.provisioner);
    return this.#tellProvisioner(claim, storageClass.provisioner);
  }

  async #tellConsumer(claim: PersistentVolumeClaim): Promise<undefined> {
    const [pod] = this.#context.podsUsing(claim).filter((user) => !isFinished(user));
    if (pod === undefined) {
      const message = 'waiting for first consumer to be created before binding';
      await this.#recorder.tell(claim, 'Normal', 'WaitForFirstConsumer', message);
      return;
    }
    const message = `waiting for pod ${pod.metadata.name} to be scheduled`;
    await this.#recorder.tell(claim, 'Normal', 'WaitForPodScheduled', message);
  }

  async #nameProvisioner(claim: PersistentVolumeClaim, provisioner: string): Promise<void> {
    const present = claim.metadata.annotations ?? {};
    if (provisionerAnnotations.every((name) => present[name] === provisioner)) return;
    const annotations = Object.fromEntries(provisionerAnnotations.map((name) => [name, provisioner]));
    await this.#context.client.mergePatch(persistentVolumeClaims, claim.metadata, { metadata: { annotations } });
  }

  // Told only where provisioning is not a matter of a moment, so that the news of the provisioner are not buried.
  async #tellProvisioner(claim: PersistentVolumeClaim, provisioner: string): Promise<{ afterMs: number } | undefined> {
    const uid = claim.metadata.uid ?? '';
    const since = this.#seenAt.get(uid) ?? performance.now();
    this.#seenAt.set(uid, since);
    const leftMs = waitingToldMs - (performance.now() - since) * this.#context.clock.scale;
    if (leftMs > 0) return { afterMs: leftMs + 1 };
    const message = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
    await this.#recorder.tell(claim, 'Normal', 'ExternalProvisioning', message);
    return undefined;
  }

  async #release(claim: PersistentVolumeClaim): Promise<undefined> {
    const finalizers = claim.metadata.finalizers ?? [];
    if (!finalizers.includes(claimFinalizer)) return;
    const inUse = this.#context.podsUsing(claim).some((pod) => pod.spec.nodeName !== undefined && !isFinished(pod));
    if (inUse) return;
    const left = finalizers.filter((finalizer) => finalizer !== claimFinalizer);
    const { uid, resourceVersion } = claim.metadata;
    const patch = { metadata: { uid, resourceVersion, finalizers: left } };
    await this.#context.client.mergePatch(persistentVolumeClaims, claim.metadata, patch);
  }

  async #volume(name: string): Promise<undefined> {
    const volume = this.#context.volumes.get(undefined, name);
    if (volume === undefined) return;
    const phase = this.#phaseOf(volume);
    if (volume.metadata.deletionTimestamp !== undefined && phase !== 'Bound') return this.#freeVolume(volume);
    if (volume.status?.phase === phase) return;
    const status = { phase, lastPhaseTransitionTime: timestamp() };
    const patch = { metadata: { uid: volume.metadata.uid }, status };
    await this.#context.client.mergePatch(persistentVolumes, { name }, patch, { subresource: 'status' });
  }

  // A volume that is meant for a claim which is not bound to it yet stays what it is: new, or bound to the claim before.
  #phaseOf(volume: PersistentVolume): VolumePhase | undefined {
    const present = volume.status?.phase;
    const { namespace, name, uid } = volume.spec.claimRef ?? {};
    if (name === undefined) return 'Available';
    const claim = this.#context.claims.get(namespace, name);
    if (claim === undefined || (uid !== undefined && claim.metadata.uid !== uid)) {
      return present === 'Bound' || present === 'Released' ? 'Released' : present;
    }
    return claim.spec.volumeName === volume.metadata.name ? 'Bound' : present;
  }

  async #freeVolume(volume: PersistentVolume): Promise<undefined> {
    const finalizers = volume.metadata.finalizers ?? [];
    if (!finalizers.includes(volumeFinalizer)) return;
    const left = finalizers.filter((finalizer) => finalizer !== volumeFinalizer);
    const patch = { metadata: { uid: volume.metadata.uid, finalizers: left } };
    await this.#context.client.mergePatch(persistentVolumes, volume.metadata, patch);
  }
}

/** The key of the claim that a volume is meant for. */
function wantedBy(volume: PersistentVolume): string[] {
  const { namespace, name } = volume.spec.claimRef ?? {};
  return name === undefined ? [] : [`${namespace}/${name}`];
}
