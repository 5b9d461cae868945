/**
 * Reads every machine of a cluster once, as a process of its own: as a worker does (`HOW=worker`), or with bare JSON.parse
 * of the same pages. Sends what it cost.
 */
import { openCluster } from '@compute/cluster';
import { builtinCatalogue } from '@compute/domain';
import { LoopPauses } from './loop-pauses.ts';

const { HOW = '', KUBECONFIG_PATH = '', URL_OF_API = '' } = process.env;
const PAGE = 250;
const PATH = '/apis/kubevirt.io/v1/virtualmachines';

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
const pauses = new LoopPauses();
const before = process.cpuUsage();
const end = await (HOW === 'worker' ? asWorker() : asBareParse());
const { user, system } = process.cpuUsage(before);
const { waitedMs, workedMs } = pauses.stop();
collect();
process.send?.({
  cpuMicros: user + system,
  waitedMs,
  workedMs,
  heapBytes: process.memoryUsage().heapUsed - heapBefore,
});
await end();
process.disconnect?.();
