/**
 * The source of import progress: writes a new percentage into the status of every volume once an interval, spread evenly
 * over it, as CDI does that asks its importers every two seconds; and remembers when it wrote which.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { KubeClient, resourceKind } from '@compute/kube-client';

const dataVolumes = resourceKind({
  ...{ group: 'cdi.kubevirt.io', version: 'v1beta1', namespaced: true },
  ...{ kind: 'DataVolume', plural: 'datavolumes' },
});
const IMPORTING = {
  phase: 'ImportInProgress',
  conditions: [
    { type: 'Bound', status: 'True', reason: 'Bound', message: '' },
    { type: 'Running', status: 'True', reason: 'Pod is running', message: '' },
    { type: 'Ready', status: 'False', reason: 'TransferRunning', message: '' },
  ],
};
/** Steps of a percentage that CDI writes with two digits: many rounds fit into one import. */
const STEPS_PER_PERCENT = 100;

export interface Volume {
  readonly namespace: string;
  readonly name: string;
}

export class ImportSource {
  readonly #client: KubeClient;
  readonly #volumes: readonly Volume[];
  readonly #intervalMs: number;
  /** When each step was written, by volume. */
  readonly #writtenAt = new Map<string, number[]>();
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #updates = 0;

  constructor(kubeconfig: string, volumes: readonly Volume[], intervalMs: number) {
    this.#client = KubeClient.fromKubeconfigText(kubeconfig);
    this.#volumes = volumes;
    this.#intervalMs = intervalMs;
  }

  /** How many percentages were written. */
  get updates(): number {
    return this.#updates;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** How old, in milliseconds, the percentage is that is shown of a volume; undefined while none is. */
  ageOf(volume: string, percent: number | undefined): number | undefined {
    const writtenAt = this.#writtenAt.get(volume)?.[Math.round((percent ?? 0) * STEPS_PER_PERCENT)];
    return writtenAt === undefined ? undefined : performance.now() - writtenAt;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#client.close();
  }

  async #run(): Promise<void> {
    const startedAt = performance.now();
    for (let turn = 0; !this.#stopping.signal.aborted; turn += 1) {
      const dueInMs = startedAt + (turn * this.#intervalMs) / this.#volumes.length - performance.now();
      if (dueInMs > 0) await pause(dueInMs);
      const volume = this.#volumes[turn % this.#volumes.length];
      if (volume !== undefined) await this.#write(volume);
    }
  }

  async #write({ namespace, name }: Volume): Promise<void> {
    const written = this.#writtenAt.get(name) ?? [0];
    this.#writtenAt.set(name, written);
    const progress = `${(written.length / STEPS_PER_PERCENT).toFixed(2)}%`;
    written.push(performance.now());
    this.#updates += 1;
    const status = { ...IMPORTING, progress };
    await this.#client.mergePatch(dataVolumes, { namespace, name }, { status }, { subresource: 'status' });
  }
}
