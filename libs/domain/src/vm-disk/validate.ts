/**
 * The rules of a VMDisk that need no library: everything is found at once, each finding with its JSON pointer into
 * the manifest. Shapes, types and URLs are checked before (contract library).
 */
import { type Catalogue, findImage, findStorageClass } from '../catalogue/catalogue.ts';
import { NAME_MAX_LENGTH, nameProblems } from '../names.ts';
import { gibOf, parseQuantityBytes, parseQuantityMib } from '../quantity.ts';
import { Findings, type Verdict } from '../validation.ts';
import type { VmDiskSpec } from './vm-disk.ts';

const MAX_STORAGE_MIB = 64 * 1024 * 1024;
const MIB = 1024n * 1024n;
const CHECKSUM = /^(?:md5:[0-9a-f]{32}|sha1:[0-9a-f]{40}|sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/i;

export function validateDiskSpec(spec: VmDiskSpec, catalogue: Catalogue): Verdict {
  const findings = new Findings();
  checkSource(spec, findings);
  checkStorageClass(spec, catalogue, findings);
  const storageMib = checkStorage(spec, findings);
  checkImage(spec, catalogue, storageMib, findings);
  return findings;
}

function checkSource(spec: VmDiskSpec, findings: Findings): void {
  const keys = Object.entries(spec.source).filter(([, value]) => value !== undefined);
  if (keys.length > 1) {
    const message = `At most one source; these are ${keys.length}: ${keys.map(([key]) => key).join(', ')}.`;
    findings.refuse('/spec/source', 'contradiction', message);
  }
  const { http, disk } = spec.source;
  if (http?.checksum !== undefined && !CHECKSUM.test(http.checksum)) {
    const message = 'A checksum is md5:, sha1:, sha256: or sha512: with its hexadecimal digits.';
    findings.refuse('/spec/source/http/checksum', 'invalid_checksum', message);
  }
  if (disk) findings.problems.push(...nameProblems(disk.name, NAME_MAX_LENGTH.VMDisk, '/spec/source/disk/name'));
}

function checkStorageClass(spec: VmDiskSpec, catalogue: Catalogue, findings: Findings): void {
  if (findStorageClass(catalogue, spec.storageClass)) return;
  const names = catalogue.storageClasses.map((entry) => entry.name).join(', ');
  const message = `There is no storage class '${spec.storageClass}'. There are: ${names}.`;
  findings.refuse('/spec/storageClass', 'unknown_storage_class', message);
}

function checkStorage(spec: VmDiskSpec, findings: Findings): number | undefined {
  const bytes = parseQuantityBytes(spec.storage);
  const mib = parseQuantityMib(spec.storage);
  if (bytes === undefined || mib === undefined) {
    findings.refuse('/spec/storage', 'invalid_quantity', 'A size such as 20Gi.');
    return undefined;
  }
  if (bytes < MIB || mib > MAX_STORAGE_MIB) {
    findings.refuse('/spec/storage', 'out_of_range', `From 1Mi to ${gibOf(MAX_STORAGE_MIB)}Gi.`);
    return undefined;
  }
  return mib;
}

function checkImage(spec: VmDiskSpec, catalogue: Catalogue, storageMib: number | undefined, findings: Findings): void {
  if (!spec.source.image) return;
  const { name } = spec.source.image;
  const image = findImage(catalogue, name);
  if (!image) {
    findings.refuse(
      '/spec/source/image/name',
      'unknown_image',
      `There is no image '${name}'. GET /v1/images lists them.`,
    );
    return;
  }
  if (storageMib === undefined || storageMib >= image.minStorageMib) return;
  const message = `Image '${name}' needs ${gibOf(image.minStorageMib)} GiB, the disk has ${gibOf(storageMib)} GiB.`;
  findings.refuse('/spec/storage', 'too_small', message);
}

/** What of an existing disk may not change, with the reason. */
export function validateDiskChange(before: VmDiskSpec, after: VmDiskSpec): Verdict {
  const findings = new Findings();
  if (sourceText(before) !== sourceText(after)) {
    const message = 'The source of a disk cannot change: its data is there already. Make a new disk.';
    findings.refuse('/spec/source', 'immutable', message);
  }
  if (before.optical !== after.optical)
    findings.refuse('/spec/optical', 'immutable', 'A disk cannot become optical or cease to be.');
  if (before.storageClass !== after.storageClass) {
    const message = `The storage class cannot change (it is '${before.storageClass}'): the data would have to move.`;
    findings.refuse('/spec/storageClass', 'immutable', message);
  }
  const [beforeMib, afterMib] = [parseQuantityMib(before.storage), parseQuantityMib(after.storage)];
  if (beforeMib !== undefined && afterMib !== undefined && afterMib < beforeMib) {
    const message = `A disk only grows: it has ${before.storage}, asked for ${after.storage}.`;
    findings.refuse('/spec/storage', 'shrink', message);
  }
  return findings;
}

/** Order of keys does not matter. */
function sourceText({ source }: VmDiskSpec): string {
  return JSON.stringify([source.http?.url, source.http?.checksum, source.image?.name, source.disk?.name]);
}
