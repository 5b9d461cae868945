/** Lets nothing leave this face but Statuses: faults are translated, and what nobody foresaw is logged and kept secret. */
import { Fault } from '@compute/domain';
import { StatusError } from '@compute/kube-wire';
import { type Subject, statusOfFault } from './kube-status.ts';

export type NoteFault = (fault: Fault) => void;

/** Any error as a Status. */
export function statusOf(error: unknown, subject: Subject, note: NoteFault): StatusError {
  if (error instanceof StatusError) return error;
  const fault = error instanceof Fault ? error : new Fault('Internal', 'An unforeseen error.', {}, error);
  note(fault);
  return statusOfFault(fault, subject);
}

/** Runs work whose errors are Statuses about the subject. */
export async function guarded<T>(subject: Subject, note: NoteFault, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw statusOf(error, subject, note);
  }
}
