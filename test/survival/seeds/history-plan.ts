/**
 * What a seed stands for: a list of wishes, faults and crashes in an order that chance gives, and nothing else. Pure, so
 * that a seed says the same everywhere; whether a wish is accepted is found out when it is made.
 */
import type { FaultEffect } from '@compute/kube-wire';
import { Random } from './random.ts';

export type Step =
  | { readonly do: 'createDisk'; readonly name: string; readonly gib: number; readonly isDownload: boolean }
  | { readonly do: 'createVm'; readonly name: string; readonly disks: readonly string[]; readonly running: boolean }
  | { readonly do: 'growDisk'; readonly name: string; readonly gib: number }
  | { readonly do: 'editVm'; readonly name: string; readonly change: VmChange }
  | { readonly do: 'power'; readonly name: string; readonly verb: 'start' | 'stop' | 'restart' }
  | { readonly do: 'delete'; readonly kind: 'VMDisk' | 'VMInstance'; readonly name: string }
  | { readonly do: 'fault'; readonly effect: FaultEffect; readonly probability: number; readonly forMs: number }
  | { readonly do: 'crash' }
  | { readonly do: 'flush' }
  | { readonly do: 'forgetWatches' }
  | { readonly do: 'wait'; readonly ms: number };

export type VmChange =
  | { readonly external: boolean }
  | { readonly cloudInit: string }
  | { readonly instanceType: string }
  | { readonly disks: readonly string[] };

const DISKS = ['d0', 'd1', 'd2', 'd3'] as const;
const MACHINES = ['v0', 'v1', 'v2'] as const;
const LENGTH = 28;

type Maker = (random: Random) => Step;

/** Each kind of step and how often it comes. */
const MAKERS: readonly (readonly [weight: number, make: Maker])[] = [
  [
    6,
    (random) => ({
      do: 'createDisk',
      name: random.one(DISKS),
      gib: 1 + random.below(3),
      isDownload: random.chance(0.3),
    }),
  ],
  [
    6,
    (random) => ({ do: 'createVm', name: random.one(MACHINES), disks: someDisks(random), running: random.chance(0.8) }),
  ],
  [3, (random) => ({ do: 'growDisk', name: random.one(DISKS), gib: 2 + random.below(5) })],
  [5, (random) => ({ do: 'editVm', name: random.one(MACHINES), change: someChange(random) })],
  [
    4,
    (random) => ({ do: 'power', name: random.one(MACHINES), verb: random.one(['start', 'stop', 'restart'] as const) }),
  ],
  [3, (random) => ({ do: 'delete', kind: 'VMInstance', name: random.one(MACHINES) })],
  [3, (random) => ({ do: 'delete', kind: 'VMDisk', name: random.one(DISKS) })],
  [4, someFault],
  [2, () => ({ do: 'crash' })],
  [1, () => ({ do: 'flush' })],
  [1, () => ({ do: 'forgetWatches' })],
  [8, (random) => ({ do: 'wait', ms: random.below(600) })],
];

/** The steps of a seed. */
export function historyPlan(seed: number): Step[] {
  const random = new Random(seed);
  const first: Step[] = [
    { do: 'createDisk', name: 'd0', gib: 1, isDownload: random.chance(0.5) },
    { do: 'createVm', name: 'v0', disks: ['d0'], running: true },
  ];
  return [...first, ...Array.from({ length: LENGTH }, () => someStep(random))];
}

function someStep(random: Random): Step {
  const total = MAKERS.reduce((sum, [weight]) => sum + weight, 0);
  let place = random.below(total);
  for (const [weight, make] of MAKERS) {
    if (place < weight) return make(random);
    place -= weight;
  }
  return { do: 'wait', ms: 0 };
}

function someDisks(random: Random): string[] {
  return DISKS.filter(() => random.chance(0.3));
}

function someChange(random: Random): VmChange {
  return random.one<() => VmChange>([
    () => ({ external: random.chance(0.5) }),
    () => ({ cloudInit: random.one(['', '#cloud-config\n', '#cloud-config\npackages: [nginx]\n']) }),
    () => ({ instanceType: random.one(['u1.medium', 'u1.large']) }),
    () => ({ disks: someDisks(random) }),
  ])();
}

function someFault(random: Random): Step {
  const effect = random.one<FaultEffect>([
    { type: 'latency', minMs: 5, maxMs: 150 },
    { type: 'error', code: 409 },
    { type: 'error', code: 429, retryAfterSeconds: 1 },
    { type: 'error', code: 500 },
    { type: 'error', code: 503 },
    { type: 'reset', when: 'before' },
    { type: 'reset', when: 'after' },
    { type: 'watchCut', afterEvents: 2 },
    { type: 'watchDuplicate' },
    { type: 'watchReorder' },
    { type: 'expired' },
    { type: 'staleList' },
    { type: 'away' },
  ]);
  const isHard = effect.type === 'away' || effect.type === 'staleList';
  return {
    do: 'fault',
    effect,
    probability: isHard ? 1 : 0.2 + random.next() * 0.5,
    forMs: 200 + random.below(isHard ? 800 : 2_500),
  };
}
