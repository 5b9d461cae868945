/** The kubectl of this machine as one more caller: what of a case a command line can ask, and what it prints. */
import type { KubectlStage } from '@compute/api/testing';
import { plainObject } from './plain-shape.ts';
import type { Ask, Json } from './requests.ts';

export interface Printed {
  readonly succeeded: boolean;
  readonly object?: Json;
  readonly items?: readonly Json[];
  /** What went to the error output: warnings, and what is refused. */
  readonly errors: string;
}

/** Asks with the real kubectl, in a project, with a key. */
export async function askKubectl(
  stage: KubectlStage,
  ask: Ask,
  of: { readonly project: string; readonly key: string },
): Promise<Printed> {
  const input = ask.ask === 'create' ? JSON.stringify(manifestOf(ask.kind, ask.manifest)) : '';
  const args = [`--namespace=${of.project}`, ...argumentsOf(ask)];
  const { code, output, errors } = await stage.kubectl(args, { input, key: of.key });
  if (code !== 0 || ask.ask === 'delete') return { succeeded: code === 0, errors };
  const json = JSON.parse(output);
  const printed = ask.ask === 'list' ? { items: json.items.map(plainObject) } : { object: plainObject(json) };
  return { succeeded: true, errors, ...printed };
}

function argumentsOf(ask: Ask): string[] {
  const dryRun = 'dryRun' in ask && ask.dryRun ? ['--dry-run=server'] : [];
  switch (ask.ask) {
    case 'create':
      return ['create', '-f', '-', '-o', 'json', ...dryRun];
    case 'get':
      return ['get', ask.kind, ask.name, '-o', 'json'];
    case 'list':
      return ['get', ask.kind, '-o', 'json', ...(ask.selector === undefined ? [] : ['-l', ask.selector])];
    case 'patch':
      return ['patch', ask.kind, ask.name, '--type=merge', '-p', JSON.stringify(ask.patch), '-o', 'json', ...dryRun];
    case 'delete':
      return ['delete', ask.kind, ask.name, '--wait=false', ...dryRun];
    default:
      throw new Error(`A command line does not ask for ${ask.ask} here.`);
  }
}

const manifestOf = (kind: string, manifest: Json): Json => ({
  apiVersion: 'apps.cozystack.io/v1alpha1',
  kind,
  ...manifest,
});

/** How kubectl prints the reason of a Status: an invalid object in words, the others in brackets. */
export function printedReason(said: string): string {
  const reason = said.split(' ')[1] ?? '';
  return reason === 'Invalid' ? 'is invalid: ' : `(${reason})`;
}
