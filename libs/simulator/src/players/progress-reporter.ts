// Tells a transfer's progress on its pod: the first figure soon, later ones at most once per interval, and nothing while nothing moves.
// Costs nothing for pods that transfer nothing.
import type { KubeClient } from '@compute/kube-client';
import type { Clock } from '../clock.ts';
import { type Pod, pods } from '../kinds.ts';
import { progressAnnotation } from '../pod-channel.ts';

export interface ProgressReporterOptions {
  client: KubeClient;
  clock: Clock;
  pod: Pod;
  intervalMs: number;
  /** False while nothing can be heard of the pod's node. */
  mayTell: () => boolean;
  onError: (error: unknown) => void;
}

const firstDelayMs = 50;

export class ProgressReporter {
  readonly #options: ProgressReporterOptions;
  #percent: string | undefined;
  #told: string | undefined;
  #cancel: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: ProgressReporterOptions) {
    this.#options = options;
  }

  /** Takes note of a percentage; may be called with every chunk. */
  set(percent: number): void {
    this.#percent = percent.toFixed(2);
    if (this.#closed || this.#cancel !== undefined || this.#percent === this.#told) return;
    const delayMs = this.#told === undefined ? firstDelayMs : this.#options.intervalMs;
    this.#cancel = this.#options.clock.schedule(delayMs, () => {
      this.#cancel = undefined;
      this.#writing = this.#write();
    });
  }

  /** Tells nothing more; resolves when a write in hand is over. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel?.();
    await this.#writing;
  }

  async #write(): Promise<void> {
    const { client, pod, mayTell, onError } = this.#options;
    const percent = this.#percent;
    if (percent === undefined || !mayTell()) return;
    this.#told = percent;
    const metadata = { uid: pod.metadata.uid, annotations: { [progressAnnotation]: percent } };
    await client.mergePatch(pods, pod.metadata, { metadata }).catch(onError);
    // What came in the meantime is told after the next interval, even when nothing more comes.
    if (this.#percent !== undefined && this.#percent !== percent) this.set(Number(this.#percent));
  }
}
