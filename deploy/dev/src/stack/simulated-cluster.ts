/** How the simulated cluster is started in a stack, and where it says it is. */
import { join } from 'node:path';
import type { StackPorts } from './stack-ports.ts';
import { type StackProcess, startProcess } from './stack-process.ts';
import type { StateFolder } from './state-folder.ts';

/** Its state lies in the folder, so the objects outlive a restart as those of a real cluster would. */
export function startCluster(folder: StateFolder, ports: StackPorts): Promise<StackProcess> {
  const flags = {
    dir: folder.cluster,
    kubeconfig: folder.clusterKubeconfig,
    port: ports.cluster,
    'control-port': ports.clusterControl,
  };
  return startProcess({
    name: 'cluster',
    command: [
      'libs/simulator/dist/main.js',
      ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, `${value}`]),
    ],
    logFile: join(folder.logs, 'cluster.log'),
    readyFrom: (line) => (typeof line.kubeconfig === 'string' ? line : undefined),
    env: {},
  });
}
