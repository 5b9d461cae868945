/**
 * The two Secrets of a machine: its SSH keys and its cloud-init user data. They are referenced by name only, so no user
 * data ever stands in a VirtualMachine (where KubeVirt would also limit it to 2 KiB).
 */
import type { VmInstance } from '@compute/domain';
import type { Secret } from '../kinds.ts';
import { type HashKeys, secretManifestHash, stamped } from './manifest-hash.ts';
import { cloudInitSecretName, sshKeysSecretName } from './object-names.ts';
import { ownershipLabels } from './ownership.ts';
import { hasCloudInit } from './virtual-machine.ts';

export interface SecretManifestInput {
  readonly vm: VmInstance;
  readonly namespace: string;
  /** Keys of the manifest hash; known to the control plane only. */
  readonly hashKeys: HashKeys;
  /** What the Secret in the cluster bears. */
  readonly presentHash?: string | undefined;
}

/** Keys `key0`, `key1`, ... in the order of the spec; undefined without keys. */
export function renderSshKeysSecret(input: SecretManifestInput): Secret | undefined {
  const { name, spec } = input.vm;
  if (spec.sshKeys.length === 0) return undefined;
  const entries = spec.sshKeys.map((key, index) => [`key${index}`, key] as const);
  return secret(input, sshKeysSecretName(name), Object.fromEntries(entries));
}

/** Key `userdata`: the user's text as it is, or a minimal cloud-config when there are only keys; undefined without both. */
export function renderCloudInitSecret(input: SecretManifestInput): Secret | undefined {
  const { name, spec } = input.vm;
  if (!hasCloudInit(spec)) return undefined;
  const userdata = spec.cloudInit === '' ? cloudConfigOfKeys(spec.sshKeys) : spec.cloudInit;
  return secret(input, cloudInitSecretName(name), { userdata });
}

/** What a machine with keys and without user data gets, so that its guest has a NoCloud disk at all. */
export function cloudConfigOfKeys(keys: readonly string[]): string {
  // A JSON string is a YAML string, whatever stands in the comment of a key.
  return ['#cloud-config', 'ssh_authorized_keys:', ...keys.map((key) => `  - ${JSON.stringify(key)}`), ''].join('\n');
}

function secret(input: SecretManifestInput, name: string, texts: Record<string, string>): Secret {
  const { vm, namespace, hashKeys, presentHash } = input;
  const encoded = Object.entries(texts).map(([key, text]) => [key, Buffer.from(text, 'utf8').toString('base64')]);
  const manifest: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels: ownershipLabels(vm) },
    type: 'Opaque',
    data: Object.fromEntries(encoded) as Record<string, string>,
  };
  return stamped(manifest, secretManifestHash(manifest, hashKeys, presentHash), vm.generation);
}
