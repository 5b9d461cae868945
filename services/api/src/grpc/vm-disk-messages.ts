/** Virtual disks: from messages to manifests for the one validation, from views to messages. */
import { etagOf, type ImportView, type PlainObject, type VmDiskStatusView, viewOf } from '@compute/contract';
import type { VmDisk as Row, DiskSource as SourceView } from '@compute/domain';
import type { DiskSource, ImportProgress, VmDisk, VmDiskSpec, VmDiskStatus } from '@compute/proto';
import { conditionMessage, failureMessage, metadataInput, metadataMessage, timeOf } from './resource-messages.ts';
import { DISK_PHASE, IMPORT_PHASE } from './words.ts';

/** The manifest that a message stands for: what was not sent is not in it. */
export function vmDiskInput(message: VmDisk | undefined): PlainObject {
  if (!message) return {};
  return { metadata: metadataInput(message.metadata), ...(message.spec ? { spec: specInput(message.spec) } : {}) };
}

function specInput({ source, optical, storage, storageClass }: VmDiskSpec): PlainObject {
  return {
    ...(source ? { source: sourceInput(source) } : {}),
    ...(optical === undefined ? {} : { optical }),
    ...(storage === '' ? {} : { storage }),
    ...(storageClass === undefined ? {} : { storageClass }),
  };
}

function sourceInput({ source }: DiskSource): PlainObject {
  if (!source) return {};
  if (source.$case !== 'http') return { [source.$case]: { name: source.value.name } };
  const { url, checksum } = source.value;
  return { http: { url, ...(checksum === undefined ? {} : { checksum }) } };
}

export function vmDiskMessage(row: Row, viewed = viewOf): VmDisk {
  const view = viewed('VMDisk', row);
  const { source, optical, storage, storageClass } = view.spec;
  return {
    metadata: metadataMessage(view.metadata),
    spec: { source: sourceMessage(source), optical, storage, storageClass },
    status: statusMessage(view.status),
    etag: etagOf(row),
  };
}

function sourceMessage({ http, image, disk }: SourceView): DiskSource {
  if (http) return { source: { $case: 'http', value: { url: http.url, checksum: http.checksum } } };
  if (image) return { source: { $case: 'image', value: image } };
  if (disk) return { source: { $case: 'disk', value: disk } };
  return { source: undefined };
}

function statusMessage(status: VmDiskStatusView): VmDiskStatus {
  return {
    phase: DISK_PHASE[status.phase],
    conditions: status.conditions.map(conditionMessage),
    observedGeneration: BigInt(status.observedGeneration),
    failure: failureMessage(status.failure),
    import: status.import && importMessage(status.import),
    capacity: status.capacity,
    attachedTo: [...status.attachedTo],
  };
}

function importMessage(view: ImportView): ImportProgress {
  return {
    phase: IMPORT_PHASE[view.phase],
    percent: view.percent,
    transferredBytes: wholeNumber(view.transferredBytes),
    totalBytes: wholeNumber(view.totalBytes),
    bytesPerSecond: view.bytesPerSecond,
    estimatedCompletionTime: timeOf(view.estimatedCompletionTime),
    attempts: view.attempts,
    lastError: view.lastError,
    stalledSince: timeOf(view.stalledSince),
  };
}

const wholeNumber = (value: number | undefined): bigint | undefined =>
  value === undefined ? undefined : BigInt(Math.round(value));
