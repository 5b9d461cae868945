/** Where a stack keeps its state: `DEV_DIR`, by default `.dev` in the checkout. The names of everything in it. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const REPOSITORY = fileURLToPath(new URL('../../../../', import.meta.url));

export interface StateFolder {
  readonly path: string;
  /** True for `.dev`: only this stack claims the ports that documents name. */
  readonly isDefault: boolean;
  readonly stackFile: string;
  /** The process that started the stack and will stop it. */
  readonly supervisorFile: string;
  readonly portsFile: string;
  readonly keysFile: string;
  readonly secretsKeyFile: string;
  readonly manifest: string;
  readonly kubeCertFile: string;
  readonly kubeKeyFile: string;
  readonly kubeconfig: string;
  readonly clusterKubeconfig: string;
  readonly logs: string;
  readonly postgres: string;
  readonly redis: string;
  readonly cluster: string;
}

/** The folder that the environment names. Makes nothing. */
export function stateFolder(env: NodeJS.ProcessEnv = process.env): StateFolder {
  const path = resolve(REPOSITORY, env.DEV_DIR || '.dev');
  const at = (name: string) => join(path, name);
  return {
    path,
    isDefault: path === resolve(REPOSITORY, '.dev'),
    stackFile: at('stack.json'),
    supervisorFile: at('supervisor.pid'),
    portsFile: at('ports.json'),
    keysFile: at('keys.json'),
    secretsKeyFile: at('secrets.key'),
    manifest: at('production-complete.yaml'),
    kubeCertFile: at('kube.crt'),
    kubeKeyFile: at('kube.key'),
    kubeconfig: at('kubeconfig'),
    clusterKubeconfig: at('cluster.kubeconfig'),
    logs: at('logs'),
    postgres: at('postgres'),
    redis: at('redis'),
    cluster: at('cluster'),
  };
}

/** Every file and folder that a stack makes in its folder, for who removes them. */
export function stateEntries(folder: StateFolder): string[] {
  const { path: _path, isDefault: _isDefault, ...entries } = folder;
  return Object.values(entries);
}

/** Makes the folder, readable by its owner alone where it holds keys. */
export function createStateFolder(folder: StateFolder): void {
  for (const path of [folder.path, folder.logs, folder.cluster]) mkdirSync(path, { recursive: true });
}
