/** Everything of a cluster that is a client of its API server, over one set of informers. */
import type { KubeClient } from '@compute/kube-client';
import { Cdi } from './cdi/cdi.ts';
import type { Clock } from './clock.ts';
import { InformerSet } from './informer-set.ts';
import { KubeVirt } from './kubevirt/kubevirt.ts';
import type { VirtHandler } from './kubevirt/virt-handler.ts';
import { LoadBalancer } from './loadbalancer/load-balancer.ts';
import { Players, type PlayersOptions } from './players/players.ts';
import { PlayerSwitches } from './players/switches.ts';

export interface ControllerOptions {
  client: KubeClient;
  clock: Clock;
  /** Seed of jitter and other chance. */
  seed: number;
  onError: (error: unknown) => void;
  /** What the real thing does itself in this cluster. */
  without?: readonly ('cdi' | 'virt-controller' | 'virt-handler' | 'players' | 'load-balancer')[];
  /** Single players that the real thing does itself. */
  withoutPlayers?: NonNullable<PlayersOptions['without']>;
}

export interface ControllerSet {
  readonly switches: PlayerSwitches;
  readonly handler: VirtHandler;
  stop(): Promise<void>;
}

/** Starts them; resolves when all informers have read their first lists. */
export async function startControllers(options: ControllerOptions): Promise<ControllerSet> {
  const { client, clock, onError, without = [] } = options;
  const informers = new InformerSet(client, onError);
  const switches = new PlayerSwitches();
  const shared = { client, clock, informers, onError };
  const kubevirt = new KubeVirt({
    ...shared,
    random: seededRandom(options.seed),
    handler: { isNodeLost: (name) => switches.isNodeLost(name) },
    without: [
      ...(without.includes('virt-controller') ? (['controllers'] as const) : []),
      ...(without.includes('virt-handler') ? (['handler'] as const) : []),
    ],
  });
  const players = new Players({ ...shared, switches, without: options.withoutPlayers ?? [] });
  const parts = [
    ...(without.includes('cdi') ? [] : [new Cdi(shared)]),
    kubevirt,
    ...(without.includes('players') ? [] : [players]),
    ...(without.includes('load-balancer') ? [] : [new LoadBalancer(shared)]),
  ];
  await informers.start();
  for (const part of parts) part.start();
  const stop = async (): Promise<void> => {
    await Promise.all(parts.map((part) => part.stop()));
    await informers.stop();
  };
  return { switches, handler: kubevirt.handler, stop };
}

/** Mulberry32: small, and the same for the same seed everywhere. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
