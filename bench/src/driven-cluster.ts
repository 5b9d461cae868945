/**
 * A cluster for a worker to drive, as a process of its own: with `PLAYERS` a whole simulated one, otherwise its API server
 * alone, which takes manifests and never answers with a machine that runs. Sends where it is; answers every message with
 * how many manifests of machines and disks were applied so far.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clusterKinds, type Interceptor, startKubeServer } from '@compute/kube-wire';
import { startSimulator } from '@compute/simulator';

const TIME_SCALE = 20;
const APPLIED: readonly (string | undefined)[] = ['virtualmachines.kubevirt.io', 'datavolumes.cdi.kubevirt.io'];
let applied = 0;
const counting: Interceptor = {
  before: async () => 'pass',
  after: ({ verb, resource }) => {
    if (verb === 'patch' && APPLIED.includes(resource)) applied += 1;
    return 'pass';
  },
  watch: () => undefined,
  backend: (_facts, backend) => backend,
};

const { url, kubeconfig } = process.env.PLAYERS === undefined ? await serverAlone() : await withPlayers();
const file = join(mkdtempSync(join(tmpdir(), 'driven-')), 'kubeconfig');
writeFileSync(file, kubeconfig);
process.on('message', () => process.send?.(applied));
process.on('disconnect', () => process.exit());
process.send?.({ url, kubeconfig: file });

async function serverAlone() {
  const server = await startKubeServer({ kinds: clusterKinds, faults: counting });
  return { url: server.url, kubeconfig: server.kubeconfig() };
}

function withPlayers() {
  return startSimulator({ timeScale: TIME_SCALE });
}
