// Writes that a kubelet does not give up: it tries again until the API server takes them, the pod is gone, or nobody wants them any more.
import { Backoff, isNotFound, type KubeClient } from '@compute/kube-client';
import type { Clock } from '../clock.ts';
import { type Pod, type PodStatus, pods } from '../kinds.ts';

/** Writes a pod's status. Rejects with NotFound when the pod is gone, and with the signal's reason. */
export async function writeStatus(
  client: KubeClient,
  pod: Pod,
  status: PodStatus,
  clock: Clock,
  signal: AbortSignal,
): Promise<Pod> {
  const patch = { metadata: { uid: pod.metadata.uid }, status };
  return persist(clock, signal, () => client.mergePatch(pods, pod.metadata, patch, { subresource: 'status', signal }));
}

/** Deletes a pod for good, as the kubelet does when its containers have stopped. */
export async function removePod(client: KubeClient, pod: Pod, clock: Clock, signal: AbortSignal): Promise<void> {
  const { uid } = pod.metadata;
  const options = { gracePeriodSeconds: 0, signal, ...(uid === undefined ? {} : { uid }) };
  await persist(clock, signal, () => client.delete(pods, pod.metadata, options));
}

async function persist<R>(clock: Clock, signal: AbortSignal, write: () => Promise<R>): Promise<R> {
  const backoff = new Backoff({ minMs: 200, maxMs: 10_000 });
  for (;;) {
    try {
      return await write();
    } catch (error) {
      signal.throwIfAborted();
      if (isNotFound(error)) throw error;
      await clock.after(backoff.nextMs(), signal);
    }
  }
}
