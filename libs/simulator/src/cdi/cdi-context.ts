// What every part of the CDI imitation works with.
import type { Informer, KubeClient } from '@compute/kube-client';
import type { Clock } from '../clock.ts';
import { EventRecorder } from '../event-recorder.ts';
import { InformerIndex } from '../informer-index.ts';
import type { InformerSet } from '../informer-set.ts';
import {
  type DataSource,
  type DataVolume,
  dataSources,
  dataVolumes,
  type PersistentVolumeClaim,
  type Pod,
  persistentVolumeClaims,
  pods,
  type VolumeCloneSource,
  type VolumeImportSource,
  volumeCloneSources,
  volumeImportSources,
} from '../kinds.ts';
import { claimKeysOf, isFinished, keyOf } from '../pod-claims.ts';
import { type AnnotationChanges, annotationPatch } from './annotations.ts';
import { ClaimEvents } from './claim-events.ts';
import { StorageFacts } from './storage-facts.ts';

export interface CdiOptions {
  client: KubeClient;
  clock: Clock;
  /** Not started yet; whoever made it starts it after all parts were made. */
  informers: InformerSet;
  onError: (error: unknown) => void;
}

/** Informers, facts and writes that the controllers share. */
export class CdiContext {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  readonly dataVolumes: Informer<DataVolume>;
  readonly dataSources: Informer<DataSource>;
  readonly claims: Informer<PersistentVolumeClaim>;
  readonly pods: Informer<Pod>;
  readonly importSources: Informer<VolumeImportSource>;
  readonly cloneSources: Informer<VolumeCloneSource>;
  readonly events: ClaimEvents;
  readonly storage: StorageFacts;
  readonly #podsByClaim: InformerIndex<Pod>;

  constructor(options: CdiOptions) {
    const { informers } = options;
    this.client = options.client;
    this.clock = options.clock;
    this.onError = options.onError;
    this.dataVolumes = informers.of(dataVolumes);
    this.dataSources = informers.of(dataSources);
    this.claims = informers.of(persistentVolumeClaims);
    this.pods = informers.of(pods);
    this.importSources = informers.of(volumeImportSources);
    this.cloneSources = informers.of(volumeCloneSources);
    this.events = new ClaimEvents(informers);
    this.storage = new StorageFacts(informers);
    this.#podsByClaim = new InformerIndex(this.pods, claimKeysOf);
  }

  recorder(component: string): EventRecorder {
    return new EventRecorder(this.client, component, this.onError);
  }

  /** Writes the annotations that differ; gives the claim as it is afterwards. */
  async annotate(claim: PersistentVolumeClaim, wanted: AnnotationChanges): Promise<PersistentVolumeClaim> {
    const changes = annotationPatch(claim.metadata.annotations, wanted);
    if (changes === undefined) return claim;
    const { uid } = claim.metadata;
    return this.client.mergePatch(persistentVolumeClaims, claim.metadata, { metadata: { uid, annotations: changes } });
  }

  /** Pods that use a claim and are not over. */
  podsUsing(claim: PersistentVolumeClaim): Pod[] {
    return this.#podsByClaim.get(keyOf(claim)).filter((pod) => !isFinished(pod));
  }
}
