// Cluster time. Every wait of a player or controller goes through here, so that one setting makes the whole cluster run faster.
// Waits are given in cluster milliseconds and take `ms / scale` of real time; timestamps in objects stay real time, because the API
// server writes creation and deletion times with its own clock.

/** Waits in cluster time. */
export class Clock {
  #scale: number;

  /** `scale` 20 makes a minute of the cluster pass in three seconds. */
  constructor(scale = 1) {
    this.#scale = checked(scale);
  }

  get scale(): number {
    return this.#scale;
  }

  /** Changes the speed; waits that already run keep their end. */
  set scale(scale: number) {
    this.#scale = checked(scale);
  }

  /** Real milliseconds of a span of cluster time. */
  realMs(clusterMs: number): number {
    return clusterMs / this.#scale;
  }

  /** Waits; rejects with the signal's reason when it aborts. */
  after(clusterMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      }, this.realMs(clusterMs));
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Calls `run` after a span of cluster time; returns what cancels it. Fits the `schedule` option of a WorkQueue. */
  readonly schedule = (clusterMs: number, run: () => void): (() => void) => {
    const timer = setTimeout(run, this.realMs(clusterMs));
    return () => clearTimeout(timer);
  };
}

/** A timestamp as Kubernetes writes it: RFC 3339 in whole seconds. */
export function timestamp(date = new Date()): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

function checked(scale: number): number {
  if (!Number.isFinite(scale) || scale <= 0) throw new RangeError(`a time scale must be positive, not ${scale}`);
  return scale;
}
