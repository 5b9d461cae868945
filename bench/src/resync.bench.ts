/**
 * G10 and G11: what it costs a worker to read every machine of a cluster anew, as after a start or a watch that is too old,
 * and what it keeps of them. `BENCH_MACHINES` says how many there are: the cost for each does not depend on it.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endChild } from '@compute/dev-stack';
import type { Bench, BenchContext } from './bench.ts';
import { compare, type Sample } from './pairs.ts';
import { type Goal, judge } from './result.ts';

const MACHINES = Number(process.env.BENCH_MACHINES ?? 20_000);
const MIB = 2 ** 20;
const SHARED = { better: 'lower' } as const;
const CPU: Goal = {
  ...SHARED,
  ...{ goal: 'G10', name: `resync of ${MACHINES} VMs: CPU`, floor: 1.5, target: 1.2 },
  ...{ against: 'bare JSON.parse of the same pages', unit: 'us/VM' },
};
/** By the clock, which also counts the time that other processes had the processor. */
const PAUSE: Goal = {
  ...SHARED,
  ...{ goal: 'G10', name: `resync of ${MACHINES} VMs: longest pause`, floor: 50, target: 50 },
  ...{ against: 'one', unit: 'ms' },
};
const WORK: Goal = { ...PAUSE, name: `resync of ${MACHINES} VMs: longest work without a pause, CPU` };
const HEAP: Goal = {
  ...SHARED,
  ...{ goal: 'G11', name: 'heap per 10,000 watched VMs', floor: 15, target: 5, against: 'one', unit: 'MiB' },
};

interface Cost {
  readonly cpuMicros: number;
  readonly waitedMs: number;
  readonly workedMs: number;
  readonly heapBytes: number;
}

interface Served {
  readonly kubeconfig: string;
  readonly url: string;
}

export const bench: Bench = {
  goals: ['G10', 'G11'],
  run: async (context) => {
    const served = await serve(context);
    const one = async (): Promise<Sample> => ({ value: 1, operations: 0, cpuMicros: 0 });
    const costs: Cost[] = [];
    const perMachine = async (how: string): Promise<Sample> => {
      const cost = await resync(context, served, how);
      if (how === 'worker') costs.push(cost);
      return { value: cost.cpuMicros / MACHINES, operations: MACHINES, cpuMicros: cost.cpuMicros };
    };
    const pairs = Math.min(context.pairs, 5);
    const cpu = await compare({ pairs, ours: () => perMachine('worker'), beside: () => perMachine('parse') });
    // The same runs tell the rest, the first of which does not count.
    const told = (figure: (cost: Cost) => number) => {
      const counted = costs.slice(1).values();
      const next = async () => sampleOf(figure(counted.next().value ?? lastOf(costs)));
      return compare({ pairs: pairs - 1, ours: next, beside: one });
    };
    return [
      judge(CPU, cpu),
      judge(PAUSE, await told(({ waitedMs }) => waitedMs)),
      judge(WORK, await told(({ workedMs }) => workedMs)),
      judge(HEAP, await told(({ heapBytes }) => (heapBytes / MIB / MACHINES) * 10_000)),
    ];
  },
};

const sampleOf = (value: number): Sample => ({ value, operations: 0, cpuMicros: 0 });

function lastOf(costs: readonly Cost[]): Cost {
  const last = costs.at(-1);
  if (last === undefined) throw new Error('Nothing was measured.');
  return last;
}

async function serve(context: BenchContext): Promise<Served> {
  const child = fork(scriptAt('watched-machines.js'), {
    env: { ...process.env, MACHINES: String(MACHINES) },
    execArgv: ['--max-old-space-size=8192'],
  });
  context.defer(() => endChild(child, 'SIGKILL', 1_000));
  const [served] = (await once(child, 'message')) as [Served];
  return served;
}

async function resync(context: BenchContext, { kubeconfig, url }: Served, how: string): Promise<Cost> {
  const env = { ...process.env, HOW: how, KUBECONFIG_PATH: kubeconfig, URL_OF_API: url };
  const child = fork(scriptAt('resync-once.js'), { env, execArgv: ['--expose-gc'] });
  context.defer(() => endChild(child, 'SIGKILL', 1_000));
  const ended = once(child, 'exit');
  const [cost] = (await once(child, 'message')) as [Cost];
  await ended;
  return cost;
}

const scriptAt = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
