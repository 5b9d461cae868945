// DataVolumes: sees to their claims and keeps their status. It never deletes a claim: that is the garbage collector's, through the
// owner reference.
import { timestamp } from '../clock.ts';
import { Controller } from '../controller.ts';
import type { EventRecorder } from '../event-recorder.ts';
import { InformerIndex } from '../informer-index.ts';
import {
  type DataSource,
  type DataVolume,
  type DataVolumeSource,
  dataVolumes,
  type PersistentVolumeClaim,
} from '../kinds.ts';
import { progressAnnotation } from '../pod-channel.ts';
import { keyOf } from '../pod-claims.ts';
import { annotation } from './annotations.ts';
import type { CdiContext } from './cdi-context.ts';
import { ClaimNotValid } from './claim-spec.ts';
import { cloneObstacle, cloneSourceOf, namedClaimOf, sourceKeysOf } from './clone-source.ts';
import type { MissingClaim } from './conditions.ts';
import { createClaim, isAdopted, keepSourceObject } from './data-volume-claim.ts';
import { statusEvents } from './data-volume-events.ts';
import { nextStatus } from './data-volume-status.ts';
import { isQuotaError } from './import-controller.ts';
import { primeName } from './import-populator.ts';
import { controllerOf, ownerKey } from './ownership.ts';

type Missing = MissingClaim & { phase: string };

interface Looked {
  claim: PersistentVolumeClaim | undefined;
  missing?: Missing;
  /** Thrown after the status is written, so that the queue tries again with growing pauses. */
  failure?: unknown;
}

export class DataVolumeController {
  readonly #context: CdiContext;
  readonly #importRecorder: EventRecorder;
  readonly #cloneRecorder: EventRecorder;
  readonly #controller: Controller;
  readonly #bySource: InformerIndex<DataVolume>;
  readonly #sourcesByClaim: InformerIndex<DataSource>;

  constructor(context: CdiContext) {
    this.#context = context;
    this.#bySource = new InformerIndex(context.dataVolumes, sourceKeysOf);
    this.#sourcesByClaim = new InformerIndex(context.dataSources, namedClaimOf);
    this.#importRecorder = context.recorder('datavolume-import-controller');
    this.#cloneRecorder = context.recorder('datavolume-pvc-clone-controller');
    this.#controller = new Controller({
      name: 'datavolume-controller',
      clock: context.clock,
      reconcile: (key) => this.#reconcile(key),
      onError: (error) => {
        if (!(error instanceof Error && isExpected(error.cause))) context.onError(error);
      },
    });
  }

  start(): void {
    const { claims, pods, dataSources, dataVolumes: volumes } = this.#context;
    this.#controller
      .watch(volumes, ({ key }) => [key])
      .watch(claims, ({ key, object }) => [key, ...ownerKey(object, 'PersistentVolumeClaim'), ...this.#clonesOf(key)])
      .watch(pods, ({ object }) => ownerKey(object, 'PersistentVolumeClaim'))
      .watch(dataSources, ({ key }) => this.#referringTo(key));
  }

  async stop(): Promise<void> {
    await this.#controller.stop();
  }

  // DataVolumes that clone this claim, directly or through a DataSource.
  #clonesOf(claimKey: string): string[] {
    const named = this.#sourcesByClaim
      .get(claimKey)
      .flatMap((source) => this.#bySource.get(`DataSource ${keyOf(source)}`));
    return [...this.#bySource.get(`claim ${claimKey}`), ...named].filter(isOpen).map(keyOf);
  }

  #referringTo(dataSourceKey: string): string[] {
    return this.#bySource.get(`DataSource ${dataSourceKey}`).filter(isOpen).map(keyOf);
  }

  async #reconcile(key: string): Promise<{ afterMs: number } | undefined> {
    const dataVolume = this.#context.dataVolumes.getByKey(key);
    if (dataVolume === undefined || dataVolume.metadata.deletionTimestamp !== undefined) return undefined;
    const source = this.#sourceOf(dataVolume);
    if (source === undefined) return undefined;
    const looked = await this.#look(dataVolume, source);
    await this.#writeStatus(dataVolume, source, looked);
    if (looked.failure !== undefined) throw looked.failure;
    return undefined;
  }

  // Sources that nobody plays (upload, registry, ...) and references that lead nowhere: the DataVolume stays as it was created.
  #sourceOf(dataVolume: DataVolume): DataVolumeSource | undefined {
    const { source, sourceRef } = dataVolume.spec;
    if (sourceRef !== undefined) {
      const pvc = cloneSourceOf(dataVolume, this.#context);
      return pvc === undefined ? undefined : { pvc };
    }
    const played = source?.http !== undefined || source?.blank !== undefined || source?.pvc !== undefined;
    return played ? source : undefined;
  }

  async #look(dataVolume: DataVolume, source: DataVolumeSource): Promise<Looked> {
    const claim = this.#context.claims.get(dataVolume.metadata.namespace, dataVolume.metadata.name);
    if (claim !== undefined) return this.#lookAtClaim(dataVolume, source, claim);
    if (source.pvc !== undefined) {
      const obstacle = cloneObstacle(dataVolume, this.#context);
      if (obstacle !== undefined) return { claim: undefined, missing: { ...obstacle, phase: '' } };
    }
    try {
      return { claim: await createClaim(this.#context, dataVolume, source) };
    } catch (error) {
      if (isQuotaError(error)) {
        const message = (error as Error).message;
        await this.#recorderOf(source).tell(dataVolume, 'Warning', 'ErrExceededQuota', message);
      }
      return { claim: undefined, ...missingBecause(error), failure: error };
    }
  }

  async #lookAtClaim(dataVolume: DataVolume, source: DataVolumeSource, claim: PersistentVolumeClaim): Promise<Looked> {
    const name = claim.metadata.name;
    const recorder = this.#recorderOf(source);
    if (claim.metadata.deletionTimestamp !== undefined) {
      const message = `Resource "${name}" marked for deletion`;
      await recorder.tell(dataVolume, 'Warning', 'ErrResourceMarkedForDeletion', message);
      return { claim };
    }
    if (controllerOf(claim)?.uid !== dataVolume.metadata.uid && !isAdopted(dataVolume, claim)) {
      const message = `Resource "${name}" already exists and is not managed by DataVolume`;
      await recorder.tell(dataVolume, 'Warning', 'ErrResourceExists', message);
      return { claim };
    }
    if (claim.metadata.annotations?.[annotation.usePopulator] === 'true') {
      await keepSourceObject(this.#context, dataVolume, source, claim);
    }
    return { claim };
  }

  async #writeStatus(dataVolume: DataVolume, source: DataVolumeSource, looked: Looked): Promise<void> {
    const { claim, missing } = looked;
    const previous = dataVolume.status ?? {};
    const progress = this.#directProgress(claim);
    const status = nextStatus({
      previous,
      claim,
      filled: claim === undefined ? undefined : this.#filledClaim(claim),
      work: source.pvc === undefined ? 'import' : 'clone',
      waitsForConsumer: this.#context.storage.waitsForConsumer(claim?.spec.storageClassName),
      adopted: claim !== undefined && isAdopted(dataVolume, claim),
      ...(missing === undefined ? {} : { missing }),
      ...(progress === undefined ? {} : { progress }),
      now: timestamp(),
    });
    if (sameJson(previous, status)) return;
    const written = await this.#context.client.replace(
      dataVolumes,
      { ...dataVolume, status },
      { subresource: 'status' },
    );
    const told = statusEvents(dataVolume, source, previous, status, this.#context);
    for (const event of told) await this.#recorderOf(source).tell(written, event.type, event.reason, event.message);
  }

  #filledClaim(claim: PersistentVolumeClaim): PersistentVolumeClaim | undefined {
    if (claim.spec.dataSourceRef?.kind !== 'VolumeImportSource') return claim;
    return this.#context.claims.get(claim.metadata.namespace, primeName(claim));
  }

  #directProgress(claim: PersistentVolumeClaim | undefined): string | undefined {
    const podName = claim?.metadata.annotations?.[annotation.importPod];
    if (claim === undefined || podName === undefined) return undefined;
    const pod = this.#context.pods.get(claim.metadata.namespace, podName);
    const percent = Number(pod?.metadata.annotations?.[progressAnnotation] ?? Number.NaN);
    return pod?.status?.phase === 'Running' && !Number.isNaN(percent) ? `${percent.toFixed(2)}%` : undefined;
  }

  #recorderOf(source: DataVolumeSource): EventRecorder {
    return source.pvc === undefined ? this.#importRecorder : this.#cloneRecorder;
  }
}

function isOpen(dataVolume: DataVolume): boolean {
  return dataVolume.status?.phase !== 'Succeeded';
}

function missingBecause(error: unknown): { missing?: Missing } {
  if (error instanceof ClaimNotValid) {
    return { missing: { phase: '', reason: 'ErrClaimNotValid', message: error.message } };
  }
  if (isQuotaError(error)) {
    return { missing: { phase: 'Pending', reason: 'ErrExceededQuota', message: (error as Error).message } };
  }
  return {};
}

// Both show in the status; neither is a fault of the controller.
function isExpected(cause: unknown): boolean {
  return cause instanceof ClaimNotValid || isQuotaError(cause);
}

function sameJson(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
