/**
 * Rows as their users see them: the manifest with what the server knows. All faces translate these views and none
 * looks at a row, so they cannot differ. A field that is not known is absent, never null or zero.
 */
import {
  type AnyResource,
  API_VERSION,
  type ChargedSize,
  type Failure,
  gibOf,
  type ImportProgress,
  INTERNAL_PROGRESS,
  type Kind,
  type ResourceOf,
  type VmDisk,
  type VmInstance,
} from '@compute/domain';
import { vmDiskSpecSchema } from '../manifest/vm-disk-spec.ts';
import { vmInstanceSpecSchema } from '../manifest/vm-instance-spec.ts';

export interface MetadataView {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly generation: number;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
  /** When anything of it last changed, reports of the cluster among them. */
  readonly updateTimestamp?: string;
  readonly deletionTimestamp?: string;
}

export interface InstanceTypeView {
  readonly name: string;
  readonly series: string;
  readonly vcpu: number;
  readonly memoryGib: number;
}

export type VmInstanceStatusView = Omit<VmInstance['status'], 'identity' | 'instanceType' | 'power' | 'startedWith'> & {
  readonly phase: VmInstance['phase'];
  readonly instanceType: InstanceTypeView;
};
export type ImportView = Omit<ImportProgress, (typeof INTERNAL_PROGRESS)[number]>;
export type VmDiskStatusView = Omit<VmDisk['status'], 'import'> & {
  readonly phase: VmDisk['phase'];
  readonly import?: ImportView;
};

export interface ManifestView<K extends Kind, Status> {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: K;
  readonly metadata: MetadataView;
  readonly spec: ResourceOf[K]['spec'];
  readonly status: Status;
}

export type VmInstanceView = ManifestView<'VMInstance', VmInstanceStatusView>;
export type VmDiskView = ManifestView<'VMDisk', VmDiskStatusView>;

export interface ViewOf {
  readonly VMInstance: VmInstanceView;
  readonly VMDisk: VmDiskView;
}
export type AnyView = ViewOf[Kind];

type Viewers = { readonly [K in Kind]: (row: ResourceOf[K]) => ViewOf[K] };

const VIEWERS: Viewers = {
  VMInstance: (row) => ({
    apiVersion: API_VERSION,
    kind: 'VMInstance',
    metadata: metadataView(row),
    spec: inOrder(row.spec, VM_SPEC_KEYS),
    status: vmStatus(row),
  }),
  VMDisk: (row) => ({
    apiVersion: API_VERSION,
    kind: 'VMDisk',
    metadata: metadataView(row),
    spec: inOrder(row.spec, DISK_SPEC_KEYS),
    status: diskStatus(row),
  }),
};

const VM_SPEC_KEYS = Object.keys(vmInstanceSpecSchema.shape) as (keyof VmInstance['spec'])[];
const DISK_SPEC_KEYS = Object.keys(vmDiskSpecSchema.shape) as (keyof VmDisk['spec'])[];

/** The same fields in the order of the specification; storage does not keep one. */
function inOrder<S extends object>(spec: S, keys: readonly (keyof S)[]): S {
  const ordered: Partial<S> = {};
  for (const key of keys) if (spec[key] !== undefined) ordered[key] = spec[key];
  return ordered as S;
}

/** The view of a row of a known kind. */
export function viewOf<K extends Kind>(kind: K, row: ResourceOf[K]): ViewOf[K] {
  return VIEWERS[kind](row);
}

/** The view of a row of any kind. */
export function viewOfAny(row: AnyResource): AnyView {
  return row.kind === 'VMInstance' ? VIEWERS.VMInstance(row) : VIEWERS.VMDisk(row);
}

/** The view for operators: with the cluster's own words about a failure. */
export function operatorViewOf<K extends Kind>(kind: K, row: ResourceOf[K]): ViewOf[K] {
  const view = viewOf(kind, row);
  const { failure } = row.status;
  return failure?.detail === undefined ? view : { ...view, status: { ...view.status, failure } };
}

function metadataView(row: AnyResource): MetadataView {
  return {
    name: row.name,
    namespace: row.project,
    uid: row.uid,
    labels: row.labels,
    annotations: row.annotations,
    generation: row.generation,
    resourceVersion: row.resourceVersion,
    creationTimestamp: row.createdAt.toISOString(),
    ...(row.updatedAt ? { updateTimestamp: row.updatedAt.toISOString() } : {}),
    ...(row.deletionRequestedAt ? { deletionTimestamp: row.deletionRequestedAt.toISOString() } : {}),
  };
}

function vmStatus(row: VmInstance): VmInstanceStatusView {
  const {
    conditions,
    observedGeneration,
    failure,
    instanceType,
    identity: _identity,
    power: _power,
    startedWith: _started,
    ...details
  } = row.status;
  return {
    phase: row.phase,
    conditions,
    observedGeneration,
    ...(failure ? { failure: failureView(failure) } : {}),
    instanceType: chargedView(instanceType),
    ...details,
  };
}

/** Memory is shown in GiB, as the catalogue lists it. */
function chargedView({ name, series, vcpu, memoryMib }: ChargedSize): InstanceTypeView {
  return { name, series, vcpu, memoryGib: gibOf(memoryMib) };
}

function diskStatus(row: VmDisk): VmDiskStatusView {
  const { conditions, observedGeneration, failure, import: progress, ...details } = row.status;
  return {
    phase: row.phase,
    conditions,
    observedGeneration,
    ...(failure ? { failure: failureView(failure) } : {}),
    ...(progress ? { import: importView(progress) } : {}),
    ...details,
  };
}

/** The cluster's own words may name what a tenant has no business to know. */
function failureView({ detail: _operators, ...shown }: Failure): Failure {
  return shown;
}

function importView(progress: ImportProgress): ImportView {
  const shown: Partial<ImportProgress> = { ...progress };
  for (const key of INTERNAL_PROGRESS) delete (shown as Record<string, unknown>)[key];
  return shown as ImportView;
}
