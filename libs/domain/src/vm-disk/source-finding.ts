/**
 * What our own question to the URL of an http source found, and what follows from it before the cluster is asked to
 * import. The worker's network is not the importer's: what the worker cannot reach decides nothing alone, it only
 * explains. What the server itself answers is taken at its word.
 */
import { type DiskFailureCode, diskFailure } from '../failures/disk-failures.ts';
import { parseQuantityBytes, sizeText } from '../quantity.ts';
import type { FailureReport } from '../resource.ts';
import type { SourceContent } from './source-content.ts';
import type { VmDiskSpec } from './vm-disk.ts';

export type SourceFinding =
  /** The question is on its way. */
  | { readonly state: 'asking' }
  /** The worker got no answer; `code` says why as far as it can tell. */
  | { readonly state: 'unreachable'; readonly code: DiskFailureCode; readonly detail: string }
  /** The server, or the rule about addresses, says no. */
  | { readonly state: 'refused'; readonly code: DiskFailureCode; readonly detail: string }
  | { readonly state: 'found'; readonly content: SourceContent; readonly totalBytes?: number };

/** What an answer with this status means; undefined when it brings content, or says nothing final. */
export function refusalOfStatus(status: number): DiskFailureCode | undefined {
  if (status === 404) return 'SourceNotFound';
  if (status === 410) return 'SourceGone';
  if (status === 401 || status === 403 || status === 407) return 'SourceForbidden';
  return undefined;
}

/** Why an import of this source cannot succeed; undefined when nothing speaks against it. */
export function sourceVerdict(spec: VmDiskSpec, finding: SourceFinding | undefined): FailureReport | undefined {
  if (finding?.state === 'refused') return diskFailure(finding.code, { detail: finding.detail });
  if (finding?.state !== 'found') return undefined;
  const { content } = finding;
  if (content.kind === 'other')
    return diskFailure('NotAnImage', { message: `What the URL delivers is not a disk image: it is ${content.what}.` });
  if (content.hasBackingFile)
    return diskFailure('NotAnImage', {
      message: 'The image is only the difference to another image, its backing file.',
    });
  const neededBytes = imageBytes(finding);
  return neededBytes === undefined ? undefined : tooLarge(spec, neededBytes);
}

/** Size of the disk that the image makes; undefined where nobody can know it before the import. */
export function imageBytes(finding: SourceFinding | undefined): number | undefined {
  if (finding?.state !== 'found' || finding.content.kind !== 'image') return undefined;
  const { format, virtualBytes, compression } = finding.content;
  if (virtualBytes !== undefined) return virtualBytes;
  return format === 'raw' && compression === undefined ? finding.totalBytes : undefined;
}

/** The failure of an image that does not fit, with both sizes; undefined when it fits. */
export function tooLarge(spec: VmDiskSpec, neededBytes: number): FailureReport | undefined {
  const hasBytes = Number(parseQuantityBytes(spec.storage) ?? 0n);
  if (neededBytes <= hasBytes) return undefined;
  const [needs, has] = [sizeText(neededBytes), sizeText(hasBytes)];
  const sizes = needs === has ? [`${neededBytes} bytes`, `${hasBytes} bytes`] : [needs, has];
  return diskFailure('ImageTooLarge', { message: `The image needs ${sizes[0]}, the disk has ${sizes[1]}.` });
}
