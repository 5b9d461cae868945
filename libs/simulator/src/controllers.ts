/** Everything of a cluster that is a client of its API server, over one set of informers. */
import type { KubeClient } from '@compute/kube-client';
import { Cdi } from './cdi/cdi.ts';
import type { Clock } from './clock.ts';
import { InformerSet } from './informer-set.ts';
import { GuestSwitches } from './kubevirt/guest-switches.ts';
import type { HotplugMode } from './kubevirt/hotplug-mode.ts';
import { KubeVirt } from './kubevirt/kubevirt.ts';
import type { VirtHandler, VirtHandlerOptions } from './kubevirt/virt-handler.ts';
import { LoadBalancer, type LoadBalancerOptions } from './loadbalancer/load-balancer.ts';
import type { Kubelet } from './players/kubelet.ts';
import { Players, type PlayersOptions } from './players/players.ts';
import { PlayerSwitches } from './players/switches.ts';
import { seededRandom } from './seeded-random.ts';

export interface ControllerOptions {
  client: KubeClient;
  clock: Clock;
  /** Seed of jitter and other chance. */
  seed: number;
  onError: (error: unknown) => void;
  /** What the real thing does itself in this cluster. */
  without?: readonly ('cdi' | 'virt-controller' | 'virt-handler' | 'players' | 'load-balancer')[];
  /** How volumes come to machines that run, HotplugVolumes by default. */
  hotplug?: HotplugMode;
  /** Single players that the real thing does itself. */
  withoutPlayers?: NonNullable<PlayersOptions['without']>;
  times?: PlayersOptions['times'];
  podNetwork?: PlayersOptions['podNetwork'];
  handler?: Pick<VirtHandlerOptions, 'bootMs' | 'agentMs' | 'shutdownMs'>;
  loadBalancer?: Pick<LoadBalancerOptions, 'pool' | 'assignMs'>;
}

export interface ControllerSet {
  readonly switches: PlayerSwitches;
  readonly guests: GuestSwitches;
  readonly handler: VirtHandler;
  readonly kubelet: Kubelet;
  stop(): Promise<void>;
}

/** A launcher ends when virt-handler says that its guest has ended, not after a time of its own. */
const UNTIL_GUEST_ENDS_MS = Number.MAX_SAFE_INTEGER;

/** Starts them; resolves when all informers have read their first lists. */
export async function startControllers(options: ControllerOptions): Promise<ControllerSet> {
  const { client, clock, onError, without = [] } = options;
  const informers = new InformerSet(client, onError);
  const switches = new PlayerSwitches();
  const guests = new GuestSwitches();
  const shared = { client, clock, informers, onError };
  const handlerPlays = !without.includes('virt-handler');
  const kubevirt = new KubeVirt({
    ...shared,
    random: seededRandom(options.seed),
    hotplug: options.hotplug ?? 'HotplugVolumes',
    handler: { ...options.handler, switches: guests, isNodeLost: (name) => switches.isNodeLost(name) },
    without: [
      ...(without.includes('virt-controller') ? (['controllers'] as const) : []),
      ...(handlerPlays ? [] : (['handler'] as const)),
    ],
  });
  const times = { ...(handlerPlays ? { launcherStopMs: UNTIL_GUEST_ENDS_MS } : {}), ...options.times };
  const players = new Players({
    ...shared,
    switches,
    times,
    without: options.withoutPlayers ?? [],
    ...(options.podNetwork === undefined ? {} : { podNetwork: options.podNetwork }),
  });
  const parts = [
    ...(without.includes('cdi') ? [] : [new Cdi(shared)]),
    kubevirt,
    ...(without.includes('players') ? [] : [players]),
    ...(without.includes('load-balancer') ? [] : [new LoadBalancer({ ...shared, ...options.loadBalancer })]),
  ];
  await informers.start();
  for (const part of parts) part.start();
  const wake = switches.onChange(() => kubevirt.handler.lookAgain());
  const stop = async (): Promise<void> => {
    wake();
    await Promise.all(parts.map((part) => part.stop()));
    await informers.stop();
  };
  return { switches, guests, handler: kubevirt.handler, kubelet: players.kubelet, stop };
}
