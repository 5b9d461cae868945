// Fills claims that name an import source: makes the importer pod, writes on the claim what the pod says, removes the pod at the end.
// Invariant: an import never ends here by failing. Only success, or a source that is not what was asked for, is an end.
import { isAlreadyExists, KubeError } from '@compute/kube-client';
import { Controller } from '../controller.ts';
import type { EventRecorder } from '../event-recorder.ts';
import { type PersistentVolumeClaim, type Pod, persistentVolumeClaims, pods } from '../kinds.ts';
import { annotation } from './annotations.ts';
import type { CdiContext } from './cdi-context.ts';
import { boundAnnotations } from './claim-events.ts';
import { importerPod, importerPodName, scratchClaim } from './importer-pod.ts';
import { controllerOf, ownerKey } from './ownership.ts';
import { annotationsFromPod, isFatal, needsScratch, wasOutOfMemory } from './pod-annotations.ts';

const inUsePollMs = 2_000;

export class ImportController {
  readonly #context: CdiContext;
  readonly #recorder: EventRecorder;
  readonly #controller: Controller;

  constructor(context: CdiContext) {
    this.#context = context;
    this.#recorder = context.recorder('import-controller');
    this.#controller = new Controller({
      name: 'import-controller',
      clock: context.clock,
      reconcile: (key) => this.#reconcile(key),
      onError: context.onError,
    });
  }

  start(): void {
    const { claims, pods: podInformer, events } = this.#context;
    this.#controller
      .watch(claims, ({ key }) => [key])
      .watch(podInformer, ({ object }) => ownerKey(object, 'PersistentVolumeClaim'))
      .watch(events.informer, ({ object }) =>
        object.involvedObject.kind === 'PersistentVolumeClaim'
          ? [`${object.involvedObject.namespace}/${object.involvedObject.name}`]
          : [],
      );
  }

  async stop(): Promise<void> {
    await this.#controller.stop();
  }

  async #reconcile(key: string): Promise<{ afterMs: number } | undefined> {
    const claim = this.#context.claims.getByKey(key);
    if (claim === undefined || !isImportTarget(claim)) return undefined;
    const pod = this.#importerOf(claim);
    if (claim.metadata.deletionTimestamp !== undefined) return this.#remove(pod);
    if (isOver(claim)) return this.#retire(claim, pod);
    if (controllerOf(claim)?.kind === 'DataVolume') await this.#tellBound(claim);
    if (!mayBeHandled(claim)) return undefined;
    if (pod === undefined) return this.#createPod(claim);
    return this.#follow(claim, pod);
  }

  #importerOf(claim: PersistentVolumeClaim): Pod | undefined {
    const name = claim.metadata.annotations?.[annotation.importPod] ?? importerPodName(claim);
    const pod = this.#context.pods.get(claim.metadata.namespace, name);
    return pod !== undefined && controllerOf(pod)?.uid === claim.metadata.uid ? pod : undefined;
  }

  // Prime claims tell the bound condition through their target; claims that are filled directly tell it themselves.
  async #tellBound(claim: PersistentVolumeClaim): Promise<void> {
    await this.#context.annotate(claim, boundAnnotations(claim, this.#context.events.newestMessage(claim)));
  }

  async #createPod(claim: PersistentVolumeClaim): Promise<{ afterMs: number } | undefined> {
    const users = this.#context.podsUsing(claim).filter((pod) => !isWaiting(pod));
    if (users.length > 0) {
      const { namespace, name } = claim.metadata;
      for (const pod of users) {
        const message = `pod ${namespace}/${pod.metadata.name} using PersistentVolumeClaim ${name}`;
        await this.#recorder.tell(claim, 'Warning', 'ImportTargetInUse', message);
      }
      return { afterMs: inUsePollMs };
    }
    if (claim.metadata.annotations?.[annotation.importPod] === undefined) {
      await this.#context.annotate(claim, { [annotation.importPod]: importerPodName(claim) });
      return undefined;
    }
    const pod = importerPod(claim, controllerOf(claim)?.uid ?? claim.metadata.uid ?? '');
    try {
      await this.#context.client.create(pods, pod);
    } catch (error) {
      if (!isAlreadyExists(error)) await this.#tellStartFailure(claim, pod.metadata.name, error);
      throw error;
    }
    return undefined;
  }

  // The reason may name other tenants' objects, so CDI only says where an administrator finds it.
  async #tellStartFailure(claim: PersistentVolumeClaim, podName: string, error: unknown): Promise<void> {
    const message = `Error starting pod '${podName}': For more information, request access to cdi-deploy logs from your sysadmin`;
    await this.#recorder.tell(claim, 'Warning', 'ErrStartingPod', message);
    if (!isQuotaError(error)) return;
    await this.#context.annotate(claim, {
      [annotation.running]: 'false',
      [annotation.runningReason]: 'ErrExceededQuota',
      [annotation.runningMessage]: message,
    });
  }

  async #follow(claim: PersistentVolumeClaim, pod: Pod): Promise<undefined> {
    const scratch = needsScratch(pod);
    const memory = wasOutOfMemory(pod);
    const fatal = isFatal(pod);
    const phase = pod.status?.phase ?? 'Pending';
    const written = await this.#context.annotate(claim, {
      ...annotationsFromPod(pod, claim.metadata.annotations ?? {}),
      [annotation.importPod]: pod.metadata.name,
      [annotation.podPhase]: podPhase(phase, { scratch, fatal }),
      ...(scratch ? { [annotation.requiresScratch]: 'true' } : {}),
      ...(memory ? { [annotation.requiresDirectIo]: 'true' } : {}),
      ...(fatal ? { [annotation.fatalError]: 'true' } : {}),
    });
    await this.#tellEnd(claim, written, pod, fatal);
    if (scratch || memory || fatal || phase === 'Succeeded') return this.#finish(written, pod);
    if (phase === 'Pending' && claim.metadata.annotations?.[annotation.requiresScratch] === 'true') {
      await this.#ensureScratch(claim, pod);
    }
    return undefined;
  }

  async #tellEnd(before: PersistentVolumeClaim, after: PersistentVolumeClaim, pod: Pod, fatal: boolean): Promise<void> {
    const ended = pod.status?.containerStatuses?.[0]?.state?.terminated;
    if (ended === undefined || before === after) return;
    if (ended.exitCode !== 0) await this.#recorder.tell(after, 'Warning', 'ErrImportFailed', ended.message ?? '');
    else if (fatal) {
      const message = after.metadata.annotations?.[annotation.runningMessage] ?? '';
      await this.#recorder.tell(after, 'Warning', 'ErrImportFailed', message);
    } else if (after.metadata.annotations?.[annotation.podPhase] === 'Succeeded') {
      await this.#recorder.tell(after, 'Normal', 'ImportSucceeded', 'Import Successful');
    }
  }

  async #ensureScratch(claim: PersistentVolumeClaim, pod: Pod): Promise<void> {
    const scratch = scratchClaim(claim, pod);
    if (this.#context.claims.get(scratch.metadata.namespace, scratch.metadata.name) !== undefined) return;
    await this.#context.client.create(persistentVolumeClaims, scratch);
  }

  async #retire(claim: PersistentVolumeClaim, pod: Pod | undefined): Promise<undefined> {
    return pod === undefined ? undefined : this.#finish(claim, pod);
  }

  async #finish(claim: PersistentVolumeClaim, pod: Pod): Promise<undefined> {
    if (claim.metadata.annotations?.[annotation.retainPod] === 'true') return undefined;
    return this.#remove(pod);
  }

  async #remove(pod: Pod | undefined): Promise<undefined> {
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return undefined;
    const { uid } = pod.metadata;
    await this.#context.client.delete(pods, pod.metadata, uid === undefined ? {} : { uid });
    return undefined;
  }
}

function isImportTarget(claim: PersistentVolumeClaim): boolean {
  return claim.metadata.annotations?.[annotation.source] !== undefined;
}

function isOver(claim: PersistentVolumeClaim): boolean {
  const annotations = claim.metadata.annotations ?? {};
  return annotations[annotation.podPhase] === 'Succeeded' || annotations[annotation.fatalError] === 'true';
}

// Where binding waits for a consumer, the importer must not be that consumer unless somebody asked for it.
function mayBeHandled(claim: PersistentVolumeClaim): boolean {
  const immediate = annotation.immediateBinding in (claim.metadata.annotations ?? {});
  return immediate || claim.status?.phase === 'Bound' || claim.status?.phase === 'Lost';
}

// A pod without a node does not use its volumes yet; without this a VM's pod that waits for the disk would keep the importer away.
function isWaiting(pod: Pod): boolean {
  return pod.spec.nodeName === undefined;
}

function podPhase(phase: string, { scratch, fatal }: { scratch: boolean; fatal: boolean }): string {
  if (fatal) return 'Failed';
  return scratch ? 'Pending' : phase;
}

export function isQuotaError(error: unknown): boolean {
  return error instanceof KubeError && error.status === 403 && error.message.includes('exceeded quota');
}
