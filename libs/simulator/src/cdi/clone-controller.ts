// Copies one claim into another through two pods, for every claim that carries a clone request.
// A source that is in use is never read: the clone waits, for ever if need be.
import { parseObjectKey } from '@compute/kube-client';
import { Controller } from '../controller.ts';
import type { EventRecorder } from '../event-recorder.ts';
import { InformerIndex } from '../informer-index.ts';
import { type PersistentVolumeClaim, type Pod, pods } from '../kinds.ts';
import { annotation } from './annotations.ts';
import type { CdiContext } from './cdi-context.ts';
import { ownerAnnotation, sourcePod, sourcePodName, uploadPod, uploadPodName } from './clone-pods.ts';
import { ownerKey } from './ownership.ts';
import { annotationsFromPod } from './pod-annotations.ts';

const inUsePollMs = 5_000;

export class CloneController {
  readonly #context: CdiContext;
  readonly #recorder: EventRecorder;
  readonly #controller: Controller;
  readonly #byTarget: InformerIndex<Pod>;

  constructor(context: CdiContext) {
    this.#context = context;
    this.#byTarget = new InformerIndex(context.pods, ({ metadata }) => {
      const target = metadata.annotations?.[ownerAnnotation];
      return target === undefined ? [] : [target];
    });
    this.#recorder = context.recorder('clone-controller');
    this.#controller = new Controller({
      name: 'clone-controller',
      clock: context.clock,
      reconcile: (key) => this.#reconcile(key),
      onError: context.onError,
    });
  }

  start(): void {
    this.#controller
      .watch(this.#context.claims, ({ key }) => [key])
      .watch(this.#context.pods, ({ object }) => {
        const target = object.metadata.annotations?.[ownerAnnotation];
        return target === undefined ? ownerKey(object, 'PersistentVolumeClaim') : [target];
      });
  }

  async stop(): Promise<void> {
    await this.#controller.stop();
  }

  async #reconcile(key: string): Promise<{ afterMs: number } | undefined> {
    const claim = this.#context.claims.getByKey(key);
    if (claim === undefined) return this.#removeOrphans(key);
    const request = claim.metadata.annotations?.[annotation.cloneRequest];
    if (request === undefined) return undefined;
    const target = this.#context.pods.get(claim.metadata.namespace, uploadPodName(claim));
    const reader = this.#readerOf(claim, request);
    if (claim.metadata.deletionTimestamp !== undefined || isDone(claim)) return this.#removePods(target, reader);
    if (target === undefined) {
      await this.#context.client.create(pods, uploadPod(claim));
      return undefined;
    }
    if (target.status?.phase === 'Succeeded') return this.#complete(claim, target);
    await this.#show(claim, target, reader);
    return reader === undefined && isReady(target) ? this.#startReader(claim, request) : undefined;
  }

  #readerOf(claim: PersistentVolumeClaim, request: string): Pod | undefined {
    return this.#context.pods.get(parseObjectKey(request).namespace, sourcePodName(claim));
  }

  async #startReader(claim: PersistentVolumeClaim, request: string): Promise<{ afterMs: number } | undefined> {
    const source = this.#context.claims.getByKey(request);
    if (source === undefined) return { afterMs: inUsePollMs };
    const user = this.#context.podsUsing(source).find((pod) => pod.spec.nodeName !== undefined);
    if (user !== undefined) {
      const message = `pod ${user.metadata.namespace}/${user.metadata.name} using PersistentVolumeClaim ${source.metadata.name}`;
      await this.#recorder.tell(claim, 'Warning', 'CloneSourceInUse', message);
      return { afterMs: inUsePollMs };
    }
    await this.#context.annotate(claim, { [annotation.cloneSourcePod]: sourcePodName(claim) });
    await this.#context.client.create(pods, sourcePod(claim, source));
    return undefined;
  }

  async #show(claim: PersistentVolumeClaim, target: Pod, reader: Pod | undefined): Promise<void> {
    const fromReader = reader === undefined ? {} : annotationsFromPod(reader, {});
    await this.#context.annotate(claim, {
      ...annotationsFromPod(target, claim.metadata.annotations ?? {}),
      [annotation.uploadPod]: target.metadata.name,
      [annotation.podPhase]: target.status?.phase ?? 'Pending',
      [annotation.podReady]: String(isReady(target)),
      ...(fromReader[annotation.running] === undefined
        ? {}
        : {
            [annotation.sourceRunning]: fromReader[annotation.running],
            [annotation.sourceRunningReason]: fromReader[annotation.runningReason],
            [annotation.sourceRunningMessage]: fromReader[annotation.runningMessage],
          }),
    });
  }

  async #complete(claim: PersistentVolumeClaim, target: Pod): Promise<undefined> {
    const done = await this.#context.annotate(claim, {
      ...annotationsFromPod(target, claim.metadata.annotations ?? {}),
      [annotation.podPhase]: 'Succeeded',
      [annotation.podReady]: 'false',
      [annotation.cloneOf]: 'true',
    });
    await this.#recorder.tell(done, 'Normal', 'CloneSucceeded', 'Clone Complete');
    return undefined;
  }

  async #removePods(...found: (Pod | undefined)[]): Promise<undefined> {
    for (const pod of found) {
      if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) continue;
      const { uid } = pod.metadata;
      await this.#context.client.delete(pods, pod.metadata, uid === undefined ? {} : { uid });
    }
    return undefined;
  }

  async #removeOrphans(key: string): Promise<undefined> {
    return this.#removePods(...this.#byTarget.get(key));
  }
}

function isDone(claim: PersistentVolumeClaim): boolean {
  return claim.metadata.annotations?.[annotation.podPhase] === 'Succeeded';
}

function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}
