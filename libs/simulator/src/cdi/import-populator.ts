// The populator for imports: fills a hidden claim ("prime"), shows its course on the claim that was asked for, and at the end gives
// the filled volume to that claim. The target stays Pending all the time; what happens is only in its annotations and events.
import { controllerRef } from '@compute/kube-client';
import { Controller } from '../controller.ts';
import type { EventRecorder } from '../event-recorder.ts';
import { type Event, type PersistentVolumeClaim, persistentVolumeClaims, type VolumeImportSource } from '../kinds.ts';
import { progressAnnotation } from '../pod-channel.ts';
import { type AnnotationChanges, annotation, cdiLabels } from './annotations.ts';
import type { CdiContext } from './cdi-context.ts';
import { boundAnnotations } from './claim-events.ts';
import { importAnnotations } from './import-annotations.ts';
import { ownerKey } from './ownership.ts';
import { rebind } from './rebind.ts';

const shownOnTarget = [
  annotation.podPhase,
  annotation.podReady,
  annotation.podRestarts,
  annotation.podSchedulable,
  annotation.running,
  annotation.runningMessage,
  annotation.runningReason,
  annotation.fatalError,
  annotation.preallocationRequested,
];

export function primeName(claim: PersistentVolumeClaim): string {
  return `prime-${claim.metadata.uid}`;
}

export class ImportPopulator {
  readonly #context: CdiContext;
  readonly #recorder: EventRecorder;
  readonly #controller: Controller;
  readonly #copied = new Set<string>();

  constructor(context: CdiContext) {
    this.#context = context;
    this.#recorder = context.recorder('import-populator');
    this.#controller = new Controller({
      name: 'import-populator',
      clock: context.clock,
      reconcile: (key) => this.#reconcile(key),
      onError: context.onError,
    });
  }

  start(): void {
    const { claims, pods, events, importSources } = this.#context;
    this.#controller
      .watch(claims, ({ key, object }) =>
        isImportPopulation(object) ? [key] : ownerKey(object, 'PersistentVolumeClaim'),
      )
      .watch(importSources, ({ object }) => ownerKey(object, 'DataVolume'))
      .watch(pods, ({ object }) => ownerKey(object, 'PersistentVolumeClaim').flatMap((key) => this.#targetOf(key)))
      .watch(events.informer, ({ object }) => {
        const key = `${object.involvedObject.namespace}/${object.involvedObject.name}`;
        return [key, ...this.#targetOf(key)];
      });
  }

  async stop(): Promise<void> {
    await this.#controller.stop();
  }

  #targetOf(primeKey: string): string[] {
    const prime = this.#context.claims.getByKey(primeKey);
    return prime === undefined ? [] : ownerKey(prime, 'PersistentVolumeClaim');
  }

  async #reconcile(key: string): Promise<undefined> {
    const claim = this.#context.claims.getByKey(key);
    if (claim === undefined || claim.metadata.deletionTimestamp !== undefined || !isImportPopulation(claim)) return;
    const prime = this.#context.claims.get(claim.metadata.namespace, primeName(claim));
    if (prime === undefined) return claim.status?.phase === 'Bound' ? this.#settle(claim) : this.#createPrime(claim);
    await this.#copyEvents(claim, prime);
    const shown = await this.#context.annotate(claim, this.#annotationsFor(claim, prime));
    const podPhase = prime.metadata.annotations?.[annotation.podPhase];
    if (podPhase === 'Failed')
      await this.#recorder.tell(claim, 'Warning', 'importFailed', `import into ${claim.metadata.name} failed`);
    if (podPhase === 'Succeeded') await this.#handOver(shown, prime);
  }

  // What was written from a copy that did not show the binding yet goes even after the prime has gone.
  async #settle(claim: PersistentVolumeClaim): Promise<undefined> {
    await this.#context.annotate(claim, boundAnnotations(claim, undefined));
  }

  async #createPrime(claim: PersistentVolumeClaim): Promise<undefined> {
    const source = this.#context.importSources.get(claim.metadata.namespace, claim.spec.dataSourceRef?.name ?? '');
    if (source === undefined || !this.#isReady(claim)) return;
    try {
      await this.#context.client.create(persistentVolumeClaims, primeOf(claim, source));
      await this.#recorder.tell(claim, 'Normal', 'CreatedPVCPrimeSuccessfully', 'PVC Prime created successfully');
    } catch (error) {
      await this.#recorder.tell(claim, 'Warning', 'ErrCreatingPVCPrime', messageOf(error));
      throw error;
    }
  }

  #isReady(claim: PersistentVolumeClaim): boolean {
    if (claim.spec.volumeName !== undefined || claim.status?.phase === 'Lost') return false;
    const annotations = claim.metadata.annotations ?? {};
    if (!this.#context.storage.waitsForConsumer(claim.spec.storageClassName)) return true;
    return annotations[annotation.selectedNode] !== undefined || annotation.immediateBinding in annotations;
  }

  async #copyEvents(claim: PersistentVolumeClaim, prime: PersistentVolumeClaim): Promise<void> {
    const prefix = `[${prime.metadata.name}] : `;
    const told = new Set(this.#context.events.of(claim).map((event) => event.message));
    for (const event of this.#context.events.of(prime)) {
      const message = `${prefix}${event.message}`;
      if (told.has(message) || !this.#remember(claim, event)) continue;
      await this.#recorder.tell(claim, event.type === 'Warning' ? 'Warning' : 'Normal', event.reason ?? '', message);
    }
  }

  // The informer shows a copied event only some time later; until then it must not be copied again.
  #remember(claim: PersistentVolumeClaim, event: Event): boolean {
    const key = `${claim.metadata.uid} ${event.metadata.name}`;
    if (this.#copied.has(key)) return false;
    this.#copied.add(key);
    const oldest = this.#copied.keys().next().value;
    if (this.#copied.size > 10_000 && oldest !== undefined) this.#copied.delete(oldest);
    return true;
  }

  #annotationsFor(claim: PersistentVolumeClaim, prime: PersistentVolumeClaim): AnnotationChanges {
    const message = this.#context.events.newestMessage(claim, `[${prime.metadata.name}] : `);
    const from = prime.metadata.annotations ?? {};
    const shown = Object.fromEntries(shownOnTarget.map((name) => [name, from[name]]));
    return {
      [annotation.primeName]: prime.metadata.name,
      ...boundAnnotations(claim, message),
      ...shown,
      ...this.#progress(prime),
    };
  }

  // 100 is held back until the pod has ended: the image may still be converted or resized.
  #progress(prime: PersistentVolumeClaim): AnnotationChanges {
    const annotations = prime.metadata.annotations ?? {};
    if (annotations[annotation.podPhase] === 'Succeeded') return { [annotation.populatorProgress]: '100.0%' };
    const pod = this.#context.pods.get(prime.metadata.namespace, annotations[annotation.importPod] ?? '');
    const percent = Number(pod?.metadata.annotations?.[progressAnnotation] ?? Number.NaN);
    if (pod?.status?.phase !== 'Running' || Number.isNaN(percent) || percent >= 100) return {};
    return { [annotation.populatorProgress]: `${percent.toFixed(2)}%` };
  }

  async #handOver(claim: PersistentVolumeClaim, prime: PersistentVolumeClaim): Promise<void> {
    if (claim.spec.volumeName === undefined) {
      await rebind(this.#context.client, prime, claim);
      await this.#recorder.tell(
        claim,
        'Normal',
        'importSucceeded',
        `Successfully imported into ${claim.metadata.name}`,
      );
    }
    if (claim.status?.phase !== 'Bound' || prime.status?.phase !== 'Lost') return;
    if (prime.metadata.deletionTimestamp !== undefined) return;
    const { uid } = prime.metadata;
    await this.#context.client.delete(persistentVolumeClaims, prime.metadata, uid === undefined ? {} : { uid });
  }
}

function isImportPopulation(claim: PersistentVolumeClaim): boolean {
  return claim.spec.dataSourceRef?.kind === 'VolumeImportSource';
}

function primeOf(claim: PersistentVolumeClaim, source: VolumeImportSource): PersistentVolumeClaim {
  const { namespace, annotations = {} } = claim.metadata;
  const { accessModes, resources, storageClassName, volumeMode } = claim.spec;
  const node = annotations[annotation.selectedNode];
  const retain = annotations[annotation.retainPod];
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: {
      name: primeName(claim),
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...cdiLabels },
      annotations: {
        [annotation.immediateBinding]: '',
        [annotation.populatorKind]: 'VolumeImportSource',
        [annotation.contentType]: source.spec.contentType ?? 'kubevirt',
        [annotation.preallocationRequested]: annotations[annotation.preallocationRequested] ?? 'false',
        [annotation.istioInject]: 'false',
        [annotation.linkerdInject]: 'disabled',
        ...(node === undefined ? {} : { [annotation.selectedNode]: node }),
        ...(retain === undefined ? {} : { [annotation.retainPod]: retain }),
        ...importAnnotations(source.spec.source),
      },
      ownerReferences: [controllerRef(claim)],
    },
    spec: { accessModes, resources, storageClassName, volumeMode } as PersistentVolumeClaim['spec'],
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
