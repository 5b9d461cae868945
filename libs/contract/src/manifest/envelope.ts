/**
 * The manifest around a spec: apiVersion, kind, metadata, spec. What only the server writes (status, uid, versions,
 * times) is accepted and ignored, so that what was read can be sent back.
 */
import { API_VERSION, type Kind, NAME_MAX_LENGTH } from '@compute/domain';
import { z } from 'zod';
import { vmDiskSpecSchema } from './vm-disk-spec.ts';
import { vmInstanceSpecSchema } from './vm-instance-spec.ts';

const serverWritten = (description: string) =>
  z
    .unknown()
    .optional()
    .meta({ description: `Ignored. ${description}` });

const metadataSchema = z.strictObject({
  name: z.string().optional().meta({ description: 'A DNS-1035 label; unique for its kind within the project.' }),
  namespace: z.string().optional().meta({ description: 'The project; may be left out.' }),
  labels: z.record(z.string(), z.string()).default(() => ({})),
  annotations: z.record(z.string(), z.string()).default(() => ({})),
  uid: serverWritten('Identity.'),
  generation: serverWritten('Counts the changes of the spec.'),
  resourceVersion: serverWritten('Position of the last change.'),
  creationTimestamp: serverWritten('When it was accepted.'),
  updateTimestamp: serverWritten('When anything of it last changed.'),
  deletionTimestamp: serverWritten('When its deletion was asked for.'),
  managedFields: serverWritten('Written by Kubernetes tools.'),
});

const envelope = <K extends Kind, S extends z.ZodType>(kind: K, spec: S) =>
  z.strictObject({
    apiVersion: z.literal(API_VERSION).default(API_VERSION),
    kind: z.literal(kind).default(kind as never),
    metadata: metadataSchema,
    spec,
    status: serverWritten('What was observed.'),
    dryRun: serverWritten('What a dry run has shown.'),
  });

export const vmInstanceManifestSchema = envelope('VMInstance', vmInstanceSpecSchema);
export const vmDiskManifestSchema = envelope('VMDisk', vmDiskSpecSchema);

/** The same specs with nothing required: what can still be judged of a manifest that has faults. */
const salvageVmSpec = vmInstanceSpecSchema.extend({ instanceProfile: z.string().default('') });
const salvageDiskSpec = vmDiskSpecSchema.extend({ storage: z.string().default('') });

/** Each kind's schemas; the compiler asks for them when a kind is added. */
export const MANIFEST_SCHEMAS = {
  VMInstance: { manifest: vmInstanceManifestSchema, spec: vmInstanceSpecSchema, salvage: salvageVmSpec },
  VMDisk: { manifest: vmDiskManifestSchema, spec: vmDiskSpecSchema, salvage: salvageDiskSpec },
} as const satisfies Record<Kind, { manifest: z.ZodType; spec: z.ZodType; salvage: z.ZodType }>;

export const nameMaxLength = (kind: Kind): number => NAME_MAX_LENGTH[kind];

const METADATA_KEYS = Object.keys(metadataSchema.shape);
const KEYS: Record<Kind, Readonly<Record<string, readonly string[]>>> = {
  VMInstance: {
    '': Object.keys(vmInstanceManifestSchema.shape),
    '/metadata': METADATA_KEYS,
    '/spec': Object.keys(vmInstanceSpecSchema.shape),
    '/spec/resources': ['cpu', 'memory', 'sockets'],
  },
  VMDisk: {
    '': Object.keys(vmDiskManifestSchema.shape),
    '/metadata': METADATA_KEYS,
    '/spec': Object.keys(vmDiskSpecSchema.shape),
    '/spec/source': ['http', 'image', 'disk'],
    '/spec/source/http': ['url', 'checksum'],
  },
};

/** The keys that are allowed at a pointer of a kind's manifest, for suggestions. */
export function knownKeys(kind: Kind, pointer: string): readonly string[] {
  return KEYS[kind][pointer] ?? [];
}
