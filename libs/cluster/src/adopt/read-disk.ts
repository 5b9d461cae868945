/**
 * A DataVolume that somebody else made, as a row. Its data is there: what its source was is only remembered, and a source
 * that no row can name is a loss of that memory, not of data. Pure.
 */
import {
  type Catalogue,
  type DiskSource,
  NAME_MAX_LENGTH,
  nameProblems,
  parseQuantityMib,
  type VmDiskSpec,
  validateDiskSpec,
} from '@compute/domain';
import type { KubeClient } from '@compute/kube-client';
import { claims, type DataVolume, dataVolumes, type PersistentVolumeClaim } from '../kinds.ts';
import { OPTICAL_ANNOTATION } from '../manifests/data-volume.ts';
import { diskNameOfObject, diskObjectName } from '../manifests/object-names.ts';
import { readableSize } from '../view/projections.ts';
import { type DiskReading, type Loss, shown } from './reading.ts';

export interface DiskObjects {
  readonly dataVolume?: DataVolume;
  readonly claim?: PersistentVolumeClaim;
}

/** Throws KubeError. */
export async function diskObjects(client: KubeClient, namespace: string, name: string): Promise<DiskObjects> {
  const ref = { namespace, name: diskObjectName(name) };
  const [dataVolume, found] = await Promise.all([
    client.get(dataVolumes, ref),
    client.list(claims, { namespace, fieldSelector: `metadata.name=${ref.name}` }),
  ]);
  const [claim] = found.items;
  return { ...(dataVolume ? { dataVolume } : {}), ...(claim ? { claim } : {}) };
}

export interface DiskContext {
  readonly name: string;
  readonly catalogue: Catalogue;
}

/** CDI asks for more than it was asked for where a file system needs room: up to there a claim has not grown. */
const OVERHEAD = 1.1;
const ADOPT_CLAIM = 'cdi.kubevirt.io/allowClaimAdoption: "true"';
/** Of a source, what says nothing about the data; `source` itself is read. */
const MODES = new Set(['accessModes', 'volumeMode', 'resources', 'storageClassName']);

/** The fields of a DataVolume that others may use besides ours. */
interface ForeignSpec {
  readonly contentType?: string;
  readonly source?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly storage?: StorageRequest;
  readonly pvc?: StorageRequest;
  readonly [other: string]: unknown;
}

interface StorageRequest {
  readonly storageClassName?: string;
  readonly resources?: { readonly requests?: { readonly storage?: string } };
  readonly [other: string]: unknown;
}

export function readDisk(objects: DiskObjects, { name, catalogue }: DiskContext): DiskReading {
  const { dataVolume, claim } = objects;
  const foreign = (dataVolume?.spec ?? {}) as unknown as ForeignSpec;
  const { source, losses } = sourceOf(foreign, dataVolume?.metadata.namespace, catalogue);
  const spec: VmDiskSpec = {
    source,
    optical: dataVolume?.metadata.annotations?.[OPTICAL_ANNOTATION] === 'true',
    storage: sizeOf(foreign, claim),
    storageClass: (foreign.storage ?? foreign.pvc)?.storageClassName ?? classOf(claim),
  };
  return {
    ...{ name, spec, differences: [] },
    losses: dataVolume === undefined ? [] : [...losses, ...otherLosses(foreign), ...lossesOfOwners(dataVolume)],
    refusals: [...refusalsOf(objects, name), ...(dataVolume ? specRefusals(name, spec, catalogue) : [])],
  };
}

interface Source {
  readonly source: DiskSource;
  readonly losses: readonly Loss[];
}

function sourceOf(
  { source = {}, sourceRef }: ForeignSpec,
  namespace: string | undefined,
  catalogue: Catalogue,
): Source {
  const [[kind, from] = ['', {}]] = Object.entries(source);
  const path = `spec.source.${kind}`;
  if (sourceRef !== undefined) return forgotten('spec.sourceRef', sourceRef);
  if (kind === '' || kind === 'blank') return { source: {}, losses: [] };
  if (kind === 'http') return httpSource(from);
  if (kind !== 'pvc') return forgotten(path, from);
  const image = catalogue.images.find((one) => one.namespace === from.namespace && one.claim === from.name);
  if (image) return { source: { image: { name: image.name } }, losses: [] };
  const disk = from.namespace === namespace ? diskNameOfObject(String(from.name)) : undefined;
  return disk === undefined ? forgotten(path, from) : { source: { disk: { name: disk } }, losses: [] };
}

function httpSource({ url, checksum, ...others }: Readonly<Record<string, unknown>>): Source {
  const losses = Object.keys(others).map((field) => forgottenField(`spec.source.http.${field}`));
  const http = { url: String(url), ...(typeof checksum === 'string' ? { checksum } : {}) };
  return { source: { http }, losses };
}

function forgotten(path: string, from: unknown): Source {
  const consequence = 'The data stays; the row calls it an empty disk, which says nothing of where the data came from.';
  return { source: {}, losses: [{ path, found: shown(from), consequence }] };
}

/** It may name a Secret. */
function forgottenField(path: string): Loss {
  return { path, found: 'a value that is not shown', consequence: 'The data stays; how it was fetched is forgotten.' };
}

function otherLosses({ contentType = 'kubevirt', source: _read, sourceRef: _told, ...spec }: ForeignSpec): Loss[] {
  const { storage, pvc, ...others } = spec;
  const consequence = 'It stays on the DataVolume, but no row knows it: a disk that is made anew lacks it.';
  const loss = (path: string, found: unknown): Loss => ({ path, found: shown(found), consequence });
  const request = Object.entries(storage ?? pvc ?? {}).filter(([field]) => !MODES.has(field));
  return [
    ...(contentType === 'kubevirt' ? [] : [loss('spec.contentType', contentType)]),
    ...Object.entries(others).map(([field, value]) => loss(`spec.${field}`, value)),
    ...request.map(([field, value]) => loss(`spec.${storage ? 'storage' : 'pvc'}.${field}`, value)),
  ];
}

function lossesOfOwners({ metadata }: DataVolume): Loss[] {
  return (metadata.ownerReferences ?? []).map(({ kind, name }) => ({
    path: 'metadata.ownerReferences',
    found: `${kind} ${name}`,
    consequence: `It stays: the cluster deletes the disk and its data when ${kind} ${name} is deleted.`,
  }));
}

/** As it was asked for, unless the claim has grown since. */
function sizeOf({ storage, pvc }: ForeignSpec, claim: PersistentVolumeClaim | undefined): string {
  const asked = (storage ?? pvc)?.resources?.requests?.storage;
  const has = claim?.spec?.resources?.requests?.storage ?? '';
  if (asked === undefined) return readableSize(has);
  const hasGrown = (parseQuantityMib(has) ?? 0) > (parseQuantityMib(asked) ?? 0) * OVERHEAD;
  return hasGrown ? readableSize(has) : readableSize(asked);
}

function classOf(claim: PersistentVolumeClaim | undefined): string {
  return (claim?.spec as { storageClassName?: string } | undefined)?.storageClassName ?? '';
}

function refusalsOf({ dataVolume, claim }: DiskObjects, name: string): string[] {
  const object = diskObjectName(name);
  if (dataVolume === undefined && claim !== undefined)
    return [
      `${object} is a claim without a DataVolume: make one of that name with the annotation ${ADOPT_CLAIM} first.`,
    ];
  if (dataVolume === undefined) return [`There is no DataVolume ${object}.`];
  if (dataVolume.metadata.deletionTimestamp !== undefined) return ['The DataVolume is being deleted.'];
  const { phase = 'none' } = dataVolume.status ?? {};
  if (phase !== 'Succeeded') return [`The DataVolume holds no data yet (phase ${phase}): wait until it has Succeeded.`];
  return claim?.status?.phase === 'Bound' ? [] : ['The claim of the DataVolume is not bound.'];
}

/** What the API would refuse of the spec. That of a URL it asks for itself: nothing is fetched any more. */
function specRefusals(name: string, spec: VmDiskSpec, catalogue: Catalogue): string[] {
  const ofName = nameProblems(name, NAME_MAX_LENGTH.VMDisk, '/metadata/name');
  return [...ofName, ...validateDiskSpec(spec, catalogue).problems].map(
    ({ pointer, message }) => `${pointer}: ${message}`,
  );
}
