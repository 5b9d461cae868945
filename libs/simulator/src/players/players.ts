// The players together: everything of a cluster that is neither its API server nor KubeVirt nor CDI.
// Each may be left out, because the real one is there: a real kube-controller-manager binds volumes itself.
import { Kubelet } from './kubelet.ts';
import { NodeHealth } from './node-health.ts';
import { defaultTimes } from './player-times.ts';
import { type PlayerOptions, PlayersContext } from './players-context.ts';
import { Provisioner } from './provisioner.ts';
import { Scheduler } from './scheduler.ts';
import { VolumeBinder } from './volume-binder.ts';

export interface PlayersOptions extends PlayerOptions {
  /** Parts that somebody else plays. */
  without?: readonly ('scheduler' | 'volumeBinder' | 'provisioner' | 'kubelet' | 'nodeHealth')[];
}

/** Make it before the informers are started, start it after. */
export class Players {
  readonly kubelet: Kubelet;
  readonly #parts: { start(): void; stop(): Promise<void> }[];

  constructor(options: PlayersOptions) {
    const context = new PlayersContext({ ...options, times: { ...defaultTimes, ...options.times } });
    this.kubelet = new Kubelet(context);
    const parts = {
      scheduler: new Scheduler(context),
      volumeBinder: new VolumeBinder(context),
      provisioner: new Provisioner(context),
      kubelet: this.kubelet,
      nodeHealth: new NodeHealth(context),
    };
    for (const name of options.without ?? []) Reflect.deleteProperty(parts, name);
    this.#parts = Object.values(parts);
  }

  start(): void {
    for (const part of this.#parts) part.start();
  }

  /** Ends all work in hand, downloads included; the cluster stays as it is. */
  async stop(): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.stop()));
  }
}
