/**
 * Helm and kubeconform, built from Go modules on first use into a cache that survives clones, and the definitions of foreign
 * kinds (monitors, scaled objects, routes, Cilium's policies) out of their projects' modules.
 *
 * Run by type stripping, so it imports nothing of the workspace.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CannotBuild } from '../../cluster/build/build-pieces.ts';

interface Tool {
  readonly name: string;
  readonly source: string;
  readonly version: string;
  /** Minutes on two cores with empty caches. */
  readonly coldMinutes: number;
}

const TOOLS: readonly Tool[] = [
  { name: 'kubeconform', source: 'github.com/yannh/kubeconform/cmd/kubeconform', version: 'v0.8.0', coldMinutes: 1 },
  { name: 'helm', source: 'helm.sh/helm/v4/cmd/helm', version: 'v4.3.1', coldMinutes: 6 },
];

interface Definitions {
  readonly module: string;
  readonly version: string;
  readonly folder: string;
  readonly files: readonly string[];
}

const DEFINITIONS: readonly Definitions[] = [
  {
    module: 'github.com/prometheus-operator/prometheus-operator',
    version: 'v0.85.0',
    folder: 'example/prometheus-operator-crd',
    files: ['servicemonitors', 'podmonitors', 'prometheusrules'].map((kind) => `monitoring.coreos.com_${kind}.yaml`),
  },
  {
    module: 'github.com/kedacore/keda/v2',
    version: 'v2.18.1',
    folder: 'config/crd/bases',
    files: ['keda.sh_scaledobjects.yaml'],
  },
  {
    module: 'sigs.k8s.io/gateway-api',
    version: 'v1.4.0',
    folder: 'config/crd/experimental',
    files: ['httproutes', 'grpcroutes', 'tlsroutes'].map((kind) => `gateway.networking.k8s.io_${kind}.yaml`),
  },
  {
    module: 'github.com/cilium/cilium',
    version: 'v1.18.2',
    folder: 'pkg/k8s/apis/cilium.io/client/crds/v2',
    files: ['ciliumclusterwidenetworkpolicies.yaml'],
  },
];

/** The definitions are kept by their versions: those of another state of this file are not for it. */
export const definitionsFolder = (folder: string): string =>
  join(folder, `crds-${DEFINITIONS.map(({ version }) => version).join('-')}`);

export interface ChartTools {
  /** Folder with the programs and the definitions. */
  readonly folder: string;
  /** One sentence for each module whose definitions could not be had. */
  readonly missing: readonly string[];
}

type Say = (line: string) => void;

/** @throws CannotBuild */
export function chartTools(say: Say): ChartTools {
  const { XDG_CACHE_HOME } = process.env;
  const folder = join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'vm-control-plane', 'chart');
  mkdirSync(definitionsFolder(folder), { recursive: true });
  for (const tool of TOOLS) install(tool, folder, say);
  return { folder, missing: DEFINITIONS.flatMap((definitions) => fetchDefinitions(definitions, folder, say)) };
}

/** The program as it is called: by name and version, so that a newer one is built beside it. */
export function programOf(folder: string, name: string): string {
  const tool = TOOLS.find((one) => one.name === name);
  if (tool === undefined) throw new Error(`No tool is called ${name}.`);
  return join(folder, `${name}-${tool.version}`);
}

function install({ name, source, version, coldMinutes }: Tool, folder: string, say: Say): void {
  const target = programOf(folder, name);
  if (existsSync(target)) return;
  say(`Building ${name} ${version}: seconds with Go's caches, ${coldMinutes} min without.`);
  const unfinished = `${target}.${process.pid}`;
  const env = { ...process.env, GOBIN: unfinished, GOFLAGS: '' };
  const outcome = spawnSync('go', ['install', `${source}@${version}`], { cwd: folder, env, encoding: 'utf8' });
  try {
    if (outcome.error) throw new CannotBuild('Go is not installed: with Go 1.26 or newer on the PATH helm is built.');
    if (outcome.status !== 0) throw new CannotBuild(`${name} could not be built: ${lastLine(outcome.stderr)}.`);
    renameSync(join(unfinished, name), target);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

function fetchDefinitions({ module, version, folder, files }: Definitions, into: string, say: Say): string[] {
  const targets = files.map((file) => ({ from: join(folder, file), to: join(definitionsFolder(into), file) }));
  if (targets.every(({ to }) => existsSync(to))) return [];
  say(`Fetching the definitions of ${module} ${version}.`);
  const args = ['mod', 'download', '-json', `${module}@${version}`];
  const outcome = spawnSync('go', args, { cwd: into, encoding: 'utf8', maxBuffer: 2 ** 24 });
  const { Dir, Error: problem } = JSON.parse(outcome.stdout || '{}') as { Dir?: string; Error?: string };
  if (Dir === undefined)
    return [`The definitions of ${module} cannot be had (${lastLine(problem ?? outcome.stderr)}).`];
  for (const { from, to } of targets) copyFileSync(join(Dir, from), to);
  return [];
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';
