/** What a person reads when the stack runs: where things are, and three commands to copy. */
import { relative } from 'node:path';
import type { StackFile } from './stack-file.ts';
import { REPOSITORY, type StateFolder } from './state-folder.ts';

export function welcome(folder: StateFolder, stack: StackFile): string {
  const base = `${stack.rest}/v1/projects/${stack.project}`;
  const key = `-H 'Authorization: Bearer ${stack.apiKey}'`;
  const manifest = shown(folder.manifest);
  return [
    '',
    `REST      ${stack.rest}`,
    `gRPC      ${stack.grpc}`,
    `API docs  ${stack.docs}`,
    `Project   ${stack.project}`,
    `API key   ${stack.apiKey}`,
    ...(stack.kubeconfig ? [`kubectl   KUBECONFIG=${shown(stack.kubeconfig)} kubectl get vminstances,vmdisks`] : []),
    `Cluster   KUBECONFIG=${shown(stack.cluster.kubeconfig)} kubectl get vm,vmi,dv -A`,
    `State     ${shown(folder.path)} (logs in ${shown(stack.logs)}; npm run reset forgets it)`,
    '',
    'Apply a manifest (two disks and a machine):',
    `  curl -sS ${key} -H 'Content-Type: application/yaml' --data-binary @${manifest} ${base}/manifests`,
    'Watch it come up (Ctrl-C ends the watch):',
    `  curl -sSN ${key} ${base}/watch`,
    'Read its usage:',
    `  curl -sS ${key} ${base}/usage`,
    '',
  ].join('\n');
}

/** A path as a person types it: relative when it lies in the checkout. */
export function shown(path: string): string {
  const short = relative(REPOSITORY, path);
  return short.startsWith('..') ? path : short;
}
