/**
 * Runs the operator's command as a pod would run it: the account's token, authority and namespace lie where the kubelet mounts
 * them, and there is no kubeconfig. The files are in a mount namespace of the process, so nobody else sees them.
 */
import { execFile, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NAMESPACE } from './helm.ts';

const OPERATE = fileURLToPath(new URL('../../../deploy/operate/bin/operate.mjs', import.meta.url));
const MOUNTED = '/run/secrets/kubernetes.io/serviceaccount';
/** /run is empty for this process alone; /var/run leads there. */
const AS_POD = 'mount -t tmpfs pod /run && mkdir -p "$1" && cp "$2"/* "$1" && shift 2 && exec "$@"';

export interface PodAccount {
  readonly token: string;
  /** File of the cluster's authority. */
  readonly ca: string;
  readonly server: URL;
  /** A folder for what is mounted. */
  readonly folder: string;
}

export const canMount = (): boolean => spawnSync('unshare', ['--mount', 'true']).status === 0;

/** What the command prints on stdout, whatever its exit code. */
export function operateAsPod(account: PodAccount, ...args: readonly string[]): Promise<string> {
  const files = join(account.folder, 'mounted');
  mkdirSync(files, { recursive: true });
  writeFileSync(join(files, 'token'), account.token);
  writeFileSync(join(files, 'namespace'), NAMESPACE);
  copyFileSync(account.ca, join(files, 'ca.crt'));
  const { KUBECONFIG: _kubeconfig, ...inherited } = process.env;
  const { hostname, port } = account.server;
  const env = { ...inherited, HOME: account.folder, KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
  const command = ['--mount', 'sh', '-c', AS_POD, 'as-pod', MOUNTED, files, process.execPath, OPERATE, ...args];
  return new Promise((resolve) => execFile('unshare', command, { env }, (_error, stdout) => resolve(stdout)));
}
