/**
 * What must be so before the cluster is asked to fill a disk: the source of an import has been asked, the disk that a
 * clone copies is there, whole and small enough. A plan from here means that nothing is asked of the cluster yet.
 */
import { diskFailure } from '../failures/disk-failures.ts';
import { parseQuantityMib, sizeText } from '../quantity.ts';
import type { FailureReport } from '../resource.ts';
import type { DiskObserved, OriginDisk } from './observed.ts';
import {
  condition,
  type DiskPlan,
  type DiskPlanInput,
  failedPlan,
  notReady,
  report,
  SETTLED_MS,
  SOON_MS,
} from './plan-report.ts';
import { sourceVerdict } from './source-finding.ts';
import type { VmDisk } from './vm-disk.ts';

const MIB = 2 ** 20;

export function planBeforeImport({ desired, observed }: DiskPlanInput): DiskPlan | undefined {
  const failure = sourceVerdict(desired.spec, observed.source) ?? originVerdict(desired, observed.origin);
  if (failure) return failBeforeImport(desired, failure);
  const waiting = waitsFor(observed);
  return waiting && waitFor(desired, waiting);
}

function failBeforeImport(desired: VmDisk, failure: FailureReport): DiskPlan {
  return {
    ...failedPlan(desired, failure),
    details: { import: { phase: 'Failed', attempts: 1 }, attachedTo: desired.status.attachedTo },
    actions: [],
    requeueAfterMs: SETTLED_MS,
  };
}

function originVerdict({ spec }: VmDisk, origin: OriginDisk | undefined): FailureReport | undefined {
  if (origin === undefined) return undefined;
  if (origin.state === 'deleting')
    return diskFailure('SourceDiskDeleting', {
      message: `Disk '${origin.name}', which is to be copied, is being deleted.`,
    });
  const hasMib = parseQuantityMib(spec.storage) ?? 0;
  if (origin.storageMib === undefined || origin.storageMib <= hasMib) return undefined;
  const sizes = `has ${sizeText(origin.storageMib * MIB)}, this one ${sizeText(hasMib * MIB)}`;
  return diskFailure('SourceDiskTooLarge', { message: `Disk '${origin.name}', which is to be copied, ${sizes}.` });
}

interface Waiting {
  readonly reason: string;
  readonly message: string;
}

function waitsFor({ source, origin }: DiskObserved): Waiting | undefined {
  if (source?.state === 'asking')
    return { reason: 'CheckingSource', message: 'The server of the image is being asked.' };
  switch (origin?.state) {
    case 'missing':
      return { reason: 'SourceDiskNotFound', message: `Waits for disk '${origin.name}', which does not exist.` };
    case 'pending':
      return { reason: 'SourceDiskNotReady', message: `Waits until disk '${origin.name}' is ready.` };
    case 'failed':
      return { reason: 'SourceDiskFailed', message: `Waits for disk '${origin.name}', which has failed.` };
    default:
      return undefined;
  }
}

/** No sign tells when the source of a clone is ready, so that is looked for. */
function waitFor(desired: VmDisk, { reason, message }: Waiting): DiskPlan {
  return {
    ...report(desired),
    phase: 'Pending',
    reason,
    message,
    conditions: [notReady(reason, message), condition('Imported', 'False', reason, message)],
    details: { attachedTo: desired.status.attachedTo },
    actions: [],
    requeueAfterMs: SOON_MS,
  };
}
