/** KubeVirt as a whole: virt-controller's imitation and the virt-handler player, over one set of informers. */
import type { InformerSet } from '../informer-set.ts';
import type { ControllerContext } from './controller-context.ts';
import type { HotplugMode } from './hotplug-mode.ts';
import { KubeVirtCache } from './kubevirt-cache.ts';
import { VirtHandler, type VirtHandlerOptions } from './virt-handler.ts';
import { VmController } from './vm-controller.ts';
import { VmiController } from './vmi-controller.ts';

export interface KubeVirtOptions extends ControllerContext {
  /** Not started yet; whoever made it starts it after all parts were made. */
  informers: InformerSet;
  handler?: VirtHandlerOptions;
  hotplug: HotplugMode;
  /** Parts that somebody else plays: the real virt-controller, say. */
  without?: readonly ('controllers' | 'handler')[];
}

/** Make it before the informers are started, start it after. */
export class KubeVirt {
  readonly handler: VirtHandler;
  readonly #parts: { start(): void; stop(): Promise<void> }[];

  constructor({ informers, handler, hotplug, without = [], ...context }: KubeVirtOptions) {
    const cache = new KubeVirtCache(informers);
    this.handler = new VirtHandler(context, cache, handler);
    this.#parts = [
      ...(without.includes('controllers')
        ? []
        : [new VmController(context, cache, hotplug), new VmiController(context, cache)]),
      ...(without.includes('handler') ? [] : [this.handler]),
    ];
  }

  start(): void {
    for (const part of this.#parts) part.start();
  }

  /** Ends all work in hand; the cluster stays as it is. */
  async stop(): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.stop()));
  }
}
