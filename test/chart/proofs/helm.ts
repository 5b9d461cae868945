/** Calls of helm and kubeconform, and what they print as objects. Nothing of the person's own helm is read or written. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KubeObject } from '@compute/kube-client';
import { parseAllDocuments } from 'yaml';
import { programOf } from '../tools/build-tools.ts';

export const CHART = fileURLToPath(new URL('../../../deploy/helm', import.meta.url));
export const NAMESPACE = 'compute';
const EXAMPLES = join(CHART, 'examples');

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export const toolsFolder = (): string => {
  const folder = process.env.CHART_TOOLS;
  if (folder === undefined) throw new Error('The tools are needed: npm run test:chart builds them.');
  return folder;
};

const home = mkdtempSync(join(tmpdir(), 'chart-helm-'));
const HELM_FOLDERS = {
  HELM_CACHE_HOME: join(home, 'cache'),
  HELM_CONFIG_HOME: join(home, 'config'),
  HELM_DATA_HOME: join(home, 'data'),
};

/** Runs a tool to its end, whatever that is. */
export function call(tool: 'helm' | 'kubeconform', args: readonly string[]): Promise<Outcome> {
  const env = { ...process.env, ...HELM_FOLDERS, NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' };
  return new Promise((resolve) => {
    execFile(programOf(toolsFolder(), tool), args, { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, stderr: withoutLinks(stderr) });
    });
  });
}

/** Helm says of each link that it follows it, which is what they are for. */
const withoutLinks = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !line.includes('found symbolic link in path'))
    .join('\n');

/** Names of the values files beside the chart. */
export const examples = (): string[] => readdirSync(EXAMPLES).sort();
export const exampleFile = (name: string): string => join(EXAMPLES, name);

/** Renders the chart with values files and settings, as `helm template` does. */
export function template(...args: readonly string[]): Promise<Outcome> {
  return call('helm', ['template', 'compute', CHART, '--namespace', NAMESPACE, ...args]);
}

/** The objects of the chart. Throws with helm's words when it refuses the values. */
export async function render(...args: readonly string[]): Promise<KubeObject[]> {
  const { code, stdout, stderr } = await template(...args);
  if (code !== 0) throw new Error(stderr);
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null);
}

/** Writes values to a file that helm can read. */
export function valuesFile(values: object): string {
  const file = join(mkdtempSync(join(tmpdir(), 'chart-values-')), 'values.json');
  writeFileSync(file, JSON.stringify(values));
  return file;
}

export interface PodTemplate {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Record<string, string>;
  };
  readonly spec: {
    readonly containers: readonly {
      readonly name: string;
      readonly env: readonly { name: string; value?: string }[];
    }[];
    readonly [field: string]: unknown;
  };
}

export interface Workload extends KubeObject {
  readonly spec: { readonly template: PodTemplate; readonly [field: string]: unknown };
}

/** What makes pods: deployments and the job. */
export const workloadsOf = (objects: readonly KubeObject[]): Workload[] =>
  objects.filter(({ kind }) => kind === 'Deployment' || kind === 'Job') as Workload[];

export const named = <T extends KubeObject>(objects: readonly T[], kind: string, name: string): T => {
  const found = objects.find((one) => one.kind === kind && one.metadata.name === name);
  if (found === undefined) throw new Error(`The chart makes no ${kind} ${name}.`);
  return found;
};
