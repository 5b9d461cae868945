// The populator for clones: copies into a temporary claim and gives its volume to the claim that was asked for.
// The temporary claim has no owner (as on a cluster, where it may be elsewhere), so it is removed here in every ending.
import { Controller } from '../controller.ts';
import type { EventRecorder } from '../event-recorder.ts';
import { InformerIndex } from '../informer-index.ts';
import { type PersistentVolumeClaim, type Pod, persistentVolumeClaims, type VolumeCloneSource } from '../kinds.ts';
import { progressAnnotation } from '../pod-channel.ts';
import { keyOf } from '../pod-claims.ts';
import { type AnnotationChanges, annotation, cdiLabels } from './annotations.ts';
import type { CdiContext } from './cdi-context.ts';
import { boundAnnotations } from './claim-events.ts';
import { ownerAnnotation, sourcePodName } from './clone-pods.ts';
import { claimBytes } from './clone-source.ts';
import { ownerKey } from './ownership.ts';
import { rebind } from './rebind.ts';

const inUsePollMs = 5_000;

export function temporaryName(claim: PersistentVolumeClaim): string {
  return `tmp-pvc-${claim.metadata.uid}`;
}

export class ClonePopulator {
  readonly #context: CdiContext;
  readonly #recorder: EventRecorder;
  readonly #dataVolumeRecorder: EventRecorder;
  readonly #controller: Controller;
  readonly #byTarget: InformerIndex<PersistentVolumeClaim>;
  /** By the name of the claim alone: the namespace stands on the target. */
  readonly #sourcesByClaim: InformerIndex<VolumeCloneSource>;

  constructor(context: CdiContext) {
    this.#context = context;
    this.#byTarget = new InformerIndex(context.claims, targetOf);
    this.#sourcesByClaim = new InformerIndex(context.cloneSources, ({ spec }) => [spec.source.name]);
    this.#recorder = context.recorder('clone-populator');
    this.#dataVolumeRecorder = context.recorder('datavolume-pvc-clone-controller');
    this.#controller = new Controller({
      name: 'clone-populator',
      clock: context.clock,
      reconcile: (key) => this.#reconcile(key),
      onError: context.onError,
    });
  }

  start(): void {
    const { claims, pods, events, cloneSources } = this.#context;
    this.#controller
      .watch(claims, ({ key, object }) => [
        ...(isClonePopulation(object) ? [key] : []),
        ...targetOf(object),
        ...this.#targetsReading(object),
      ])
      .watch(cloneSources, ({ object }) => ownerKey(object, 'DataVolume'))
      .watch(pods, ({ object }) => this.#targetsOfPod(object))
      .watch(events.informer, ({ object }) => {
        const key = `${object.involvedObject.namespace}/${object.involvedObject.name}`;
        const claim = this.#context.claims.getByKey(key);
        return claim === undefined ? [] : [key, ...targetOf(claim)];
      });
  }

  async stop(): Promise<void> {
    await this.#controller.stop();
  }

  #targetsReading(source: PersistentVolumeClaim): string[] {
    const sources = this.#sourcesByClaim.get(source.metadata.name);
    return sources
      .flatMap((cloneSource) => ownerKey(cloneSource, 'DataVolume'))
      .filter((key) => {
        const claim = this.#context.claims.getByKey(key);
        if (claim === undefined || !isClonePopulation(claim) || claim.spec.volumeName !== undefined) return false;
        return this.#sourceOf(claim)?.metadata.uid === source.metadata.uid;
      });
  }

  #targetsOfPod(pod: Pod): string[] {
    const written = pod.metadata.annotations?.[ownerAnnotation];
    const temporary = written === undefined ? undefined : this.#context.claims.getByKey(written);
    return temporary === undefined ? [] : targetOf(temporary);
  }

  #sourceOf(claim: PersistentVolumeClaim): PersistentVolumeClaim | undefined {
    const { namespace, annotations } = claim.metadata;
    const wanted = this.#context.cloneSources.get(namespace, claim.spec.dataSourceRef?.name ?? '');
    if (wanted === undefined) return undefined;
    return this.#context.claims.get(
      annotations?.[annotation.dataSourceNamespace] ?? namespace,
      wanted.spec.source.name,
    );
  }

  async #reconcile(key: string): Promise<{ afterMs: number } | undefined> {
    const claim = this.#context.claims.getByKey(key);
    if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) return this.#removeOrphans(key, claim);
    if (!isClonePopulation(claim)) return undefined;
    const temporary = this.#context.claims.get(claim.metadata.namespace, temporaryName(claim));
    if (claim.status?.phase === 'Bound') return this.#succeed(claim, temporary);
    if (temporary !== undefined) return this.#follow(claim, temporary);
    return this.#begin(claim);
  }

  async #begin(claim: PersistentVolumeClaim): Promise<{ afterMs: number } | undefined> {
    const source = this.#sourceOf(claim);
    const bound = boundAnnotations(claim, this.#context.events.newestMessage(claim));
    const pending = { ...bound, [annotation.clonePhase]: 'Pending', [annotation.cloneType]: 'copy' };
    const shown = await this.#context.annotate(claim, pending);
    if (source === undefined || claim.spec.volumeName !== undefined || !this.#isReady(claim)) return undefined;
    if (source.status?.phase !== 'Bound') return undefined;
    if (claimBytes(shown) < claimBytes(source)) return this.#refuseSize(shown, source);
    if (await this.#isInUse(shown, source)) return { afterMs: inUsePollMs };
    await this.#context.client.create(persistentVolumeClaims, temporaryClaim(shown, source));
    await this.#context.annotate(shown, {
      [annotation.clonePhase]: 'HostClone',
      [annotation.running]: 'true',
      [annotation.runningReason]: 'Populator is running',
      [annotation.runningMessage]: '',
    });
    return undefined;
  }

  #isReady(claim: PersistentVolumeClaim): boolean {
    const annotations = claim.metadata.annotations ?? {};
    if (!this.#context.storage.waitsForConsumer(claim.spec.storageClassName)) return true;
    return annotations[annotation.selectedNode] !== undefined || annotation.immediateBinding in annotations;
  }

  async #refuseSize(claim: PersistentVolumeClaim, source: PersistentVolumeClaim): Promise<undefined> {
    const message = `target resources requests storage size is smaller than the source ${claimBytes(claim)} < ${claimBytes(source)}`;
    await this.#recorder.tell(claim, 'Warning', 'ErrIncompatiblePVC', message);
    await this.#context.annotate(claim, {
      [annotation.running]: 'false',
      [annotation.runningReason]: 'Error',
      [annotation.runningMessage]: message,
    });
    return undefined;
  }

  async #isInUse(claim: PersistentVolumeClaim, source: PersistentVolumeClaim): Promise<boolean> {
    const user = this.#context.podsUsing(source).find((pod) => pod.spec.nodeName !== undefined);
    if (user === undefined) return false;
    const message = `pod ${user.metadata.namespace}/${user.metadata.name} using PersistentVolumeClaim ${source.metadata.name}`;
    const [owner] = ownerKey(claim, 'DataVolume');
    const dataVolume = owner === undefined ? undefined : this.#context.dataVolumes.getByKey(owner);
    if (dataVolume !== undefined) {
      await this.#dataVolumeRecorder.tell(dataVolume, 'Warning', 'CloneSourceInUse', message);
    }
    return true;
  }

  async #follow(claim: PersistentVolumeClaim, temporary: PersistentVolumeClaim): Promise<undefined> {
    await this.#copyEvents(claim, temporary);
    const shown = await this.#context.annotate(claim, {
      ...boundAnnotations(claim, this.#context.events.newestMessage(claim)),
      [annotation.clonePhase]: 'HostClone',
      [annotation.cloneType]: 'copy',
      ...runningOf(temporary),
      ...this.#progress(claim, temporary),
    });
    if (temporary.metadata.annotations?.[annotation.podPhase] !== 'Succeeded') return;
    if (shown.spec.volumeName === undefined) await rebind(this.#context.client, temporary, shown);
  }

  async #copyEvents(claim: PersistentVolumeClaim, temporary: PersistentVolumeClaim): Promise<void> {
    const prefix = `[${temporary.metadata.name}] : `;
    const told = new Set(this.#context.events.of(claim).map((event) => event.message));
    for (const event of this.#context.events.of(temporary)) {
      const message = `${prefix}${event.message}`;
      if (told.has(message)) continue;
      await this.#recorder.tell(claim, event.type === 'Warning' ? 'Warning' : 'Normal', event.reason ?? '', message);
    }
  }

  #progress(claim: PersistentVolumeClaim, temporary: PersistentVolumeClaim): AnnotationChanges {
    const source = this.#sourceOf(claim);
    const pod = this.#context.pods.get(source?.metadata.namespace, sourcePodName(temporary));
    const percent = Number(pod?.metadata.annotations?.[progressAnnotation] ?? Number.NaN);
    if (pod?.status?.phase !== 'Running' || Number.isNaN(percent) || percent >= 100) return {};
    return { [annotation.populatorProgress]: `${percent.toFixed(2)}%` };
  }

  async #succeed(claim: PersistentVolumeClaim, temporary: PersistentVolumeClaim | undefined): Promise<undefined> {
    const bound = await this.#context.annotate(claim, boundAnnotations(claim, undefined));
    await this.#context.annotate(bound, {
      [annotation.clonePhase]: 'Succeeded',
      [annotation.cloneOf]: 'true',
      [annotation.running]: 'false',
      [annotation.runningReason]: 'Completed',
      [annotation.runningMessage]: 'Clone Complete',
      [annotation.populatorProgress]: '100.0%',
    });
    if (temporary?.status?.phase === 'Lost') await this.#remove(temporary);
  }

  async #removeOrphans(key: string, target: PersistentVolumeClaim | undefined): Promise<undefined> {
    const orphans = this.#byTarget
      .get(key)
      .filter((claim) => target === undefined || claim.metadata.name === temporaryName(target));
    for (const orphan of orphans) await this.#remove(orphan);
  }

  async #remove(claim: PersistentVolumeClaim): Promise<void> {
    if (claim.metadata.deletionTimestamp !== undefined) return;
    const { uid } = claim.metadata;
    await this.#context.client.delete(persistentVolumeClaims, claim.metadata, uid === undefined ? {} : { uid });
  }
}

function isClonePopulation(claim: PersistentVolumeClaim): boolean {
  return claim.spec.dataSourceRef?.kind === 'VolumeCloneSource';
}

/** The key of the claim that a temporary claim is filled for. */
function targetOf(claim: PersistentVolumeClaim): string[] {
  const target = claim.metadata.annotations?.[annotation.eventsSource];
  return target === undefined ? [] : [target];
}

function runningOf(temporary: PersistentVolumeClaim): AnnotationChanges {
  const annotations = temporary.metadata.annotations ?? {};
  if (annotations[annotation.running] === undefined || annotations[annotation.podPhase] === 'Pending') {
    return { [annotation.running]: 'true', [annotation.runningReason]: 'Populator is running' };
  }
  const sourceEnded = annotations[annotation.sourceRunningReason] === 'Completed';
  return {
    [annotation.running]: sourceEnded ? 'false' : annotations[annotation.running],
    [annotation.runningReason]: 'Pod is running',
    [annotation.runningMessage]: '',
  };
}

function temporaryClaim(claim: PersistentVolumeClaim, source: PersistentVolumeClaim): PersistentVolumeClaim {
  const { namespace, annotations = {} } = claim.metadata;
  const { accessModes, resources, storageClassName, volumeMode } = claim.spec;
  const node = annotations[annotation.selectedNode];
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: temporaryName(claim),
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...cdiLabels },
      annotations: {
        [annotation.immediateBinding]: '',
        [annotation.contentType]: annotations[annotation.contentType] ?? 'kubevirt',
        [annotation.createdForDataVolume]: annotations[annotation.createdForDataVolume] ?? '',
        [annotation.eventsSource]: keyOf(claim),
        [annotation.eventsSourceKind]: 'PersistentVolumeClaim',
        [annotation.cloneRequest]: keyOf(source),
        [annotation.clonePhase]: 'Pending',
        [annotation.cloneType]: 'copy',
        ...(node === undefined ? {} : { [annotation.selectedNode]: node }),
      },
    },
    spec: { accessModes, resources, storageClassName, volumeMode } as PersistentVolumeClaim['spec'],
  };
}
