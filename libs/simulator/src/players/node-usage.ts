// What the pods on each node ask for, kept up to date by changes of pods; a pod that was just bound counts before the informer shows it.
import type { Informer } from '@compute/kube-client';
import type { Pod } from '../kinds.ts';
import { isFinished } from '../pod-claims.ts';
import { type Amounts, requestsOf } from './node-fit.ts';

interface Placed {
  nodeName: string;
  requests: Amounts;
}

export class NodeUsage {
  readonly #placed = new Map<string, Placed>();
  readonly #totals = new Map<string, Amounts>();

  constructor(pods: Informer<Pod>) {
    pods.onChange(({ type, object }) => {
      const gone = type === 'deleted' || isFinished(object);
      if (gone) this.#remove(object);
      else if (object.spec.nodeName !== undefined) this.place(object, object.spec.nodeName);
    });
  }

  of(nodeName: string): Amounts {
    return this.#totals.get(nodeName) ?? {};
  }

  /** Counts a pod on a node, once. */
  place(pod: Pod, nodeName: string): void {
    const uid = pod.metadata.uid ?? '';
    if (this.#placed.has(uid)) return;
    const requests = requestsOf(pod);
    this.#placed.set(uid, { nodeName, requests });
    this.#add(nodeName, requests, 1);
  }

  #remove(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    const placed = this.#placed.get(uid);
    if (placed === undefined) return;
    this.#placed.delete(uid);
    this.#add(placed.nodeName, placed.requests, -1);
  }

  #add(nodeName: string, requests: Amounts, sign: 1 | -1): void {
    const total = { ...this.of(nodeName) };
    for (const [name, amount] of Object.entries(requests)) total[name] = (total[name] ?? 0) + sign * amount;
    this.#totals.set(nodeName, total);
  }
}
