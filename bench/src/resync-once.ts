/**
 * Reads every machine of a cluster once, as a process of its own: as a worker does (`HOW=worker`), or with bare JSON.parse
 * of the same pages. Sends what it cost.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openCluster } from '@compute/cluster';
import { builtinCatalogue } from '@compute/domain';

const { HOW = '', KUBECONFIG_PATH = '', URL_OF_API = '' } = process.env;
const PAGE = 250;
const PATH = '/apis/kubevirt.io/v1/virtualmachines';
/** A pause shorter than this is not told apart from none. */
const RESOLUTION_MS = 5;

async function asWorker(): Promise<() => Promise<void>> {
  const hashKeys = () => [Buffer.alloc(32, 1)];
  const cluster = await openCluster({ kubeconfig: KUBECONFIG_PATH, catalogue: builtinCatalogue, hashKeys });
  await cluster.synced();
  return () => cluster.close();
}

async function asBareParse(): Promise<() => Promise<void>> {
  let next = '';
  do {
    const answer = await fetch(`${URL_OF_API}${PATH}?limit=${PAGE}&continue=${encodeURIComponent(next)}`);
    const page = JSON.parse(await answer.text()) as { metadata: { continue?: string } };
    next = page.metadata.continue ?? '';
  } while (next !== '');
  return async () => undefined;
}

const collect = (globalThis as { gc?: () => void }).gc ?? (() => undefined);
collect();
const heapBefore = process.memoryUsage().heapUsed;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
const before = process.cpuUsage();
const end = await (HOW === 'worker' ? asWorker() : asBareParse());
const { user, system } = process.cpuUsage(before);
delay.disable();
collect();
process.send?.({
  cpuMicros: user + system,
  pauseMs: Math.max(0, delay.max / 1e6 - RESOLUTION_MS),
  heapBytes: process.memoryUsage().heapUsed - heapBefore,
});
await end();
process.disconnect?.();
