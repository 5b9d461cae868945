/** Manifests for the cases: sound ones, from which each case departs. */
import type { Json } from '../requests.ts';

/** A machine that is off, so that nothing warns of its having no disk. */
export const machine = (name: string, spec: Json = {}, metadata: Json = {}): Json => ({
  kind: 'VMInstance',
  metadata: { name, ...metadata },
  spec: { instanceType: 'u1.medium', instanceProfile: 'ubuntu', running: false, ...spec },
});

export const disk = (name: string, spec: Json = {}, metadata: Json = {}): Json => ({
  kind: 'VMDisk',
  metadata: { name, ...metadata },
  spec: { storage: '10Gi', ...spec },
});

/** Without one field of the spec. */
export function without(manifest: Json, field: string): Json {
  const { [field]: _left, ...spec } = manifest.spec;
  return { ...manifest, spec };
}

export const applied = (...manifests: Json[]) => ({ happens: 'applied', manifests }) as const;
