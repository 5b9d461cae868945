// The newest event of each claim: CDI shows it as the reason why a claim is not bound yet.
// Events of the prime claim are copied to the target with the prime's name in front; only those count where there is a prime.
import type { Informer } from '@compute/kube-client';
import type { InformerSet } from '../informer-set.ts';
import { type Event, events, type PersistentVolumeClaim } from '../kinds.ts';
import { type AnnotationChanges, annotation } from './annotations.ts';

const rememberedPerClaim = 32;

/** Events of claims, in the order in which they were told. */
export class ClaimEvents {
  readonly #byClaim = new Map<string, Map<string, Event>>();
  readonly informer: Informer<Event>;

  constructor(informers: InformerSet) {
    this.informer = informers.of(events);
    this.informer.onChange(({ type, key, object }) => {
      if (object.involvedObject.kind !== 'PersistentVolumeClaim') return;
      this.#put(object.involvedObject.uid ?? '', key, type === 'deleted' ? undefined : object);
    });
  }

  /** Events of one claim, oldest first. */
  of(claim: PersistentVolumeClaim): Event[] {
    return [...(this.#byClaim.get(claim.metadata.uid ?? '')?.values() ?? [])];
  }

  /** The newest message, or the newest that begins with the prefix. */
  newestMessage(claim: PersistentVolumeClaim, prefix = ''): string | undefined {
    return this.of(claim).findLast((event) => event.message?.startsWith(prefix))?.message;
  }

  #put(uid: string, key: string, event: Event | undefined): void {
    const known = this.#byClaim.get(uid) ?? new Map<string, Event>();
    known.delete(key);
    if (event !== undefined) known.set(key, event);
    const oldest = known.keys().next().value;
    if (known.size > rememberedPerClaim && oldest !== undefined) known.delete(oldest);
    if (known.size === 0) this.#byClaim.delete(uid);
    else this.#byClaim.set(uid, known);
  }
}

/** The bound condition that a claim's newest event gives; it goes when the claim is bound. */
export function boundAnnotations(claim: PersistentVolumeClaim, message: string | undefined): AnnotationChanges {
  if (claim.status?.phase === 'Bound') {
    return { [annotation.bound]: undefined, [annotation.boundReason]: undefined, [annotation.boundMessage]: undefined };
  }
  if (claim.status?.phase === 'Lost' || message === undefined) return {};
  return { [annotation.bound]: 'false', [annotation.boundReason]: 'Pending', [annotation.boundMessage]: message };
}
