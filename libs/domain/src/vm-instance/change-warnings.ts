/**
 * What an edit of a machine that is up is worth a word about: the fields that it takes over only at its next start.
 * Told from the rows alone, before anything is written; the machine itself tells later in `status.restartRequired`.
 */
import type { Warning } from '../validation.ts';
import { pluggedDisks } from './disk-plugging.ts';
import { waitingFields } from './field-changes.ts';
import { startRecord } from './start-record.ts';
import type { StartedWith } from './started-with.ts';
import { diskName, runStrategyOf, type VmInstance, type VmInstanceSpec, type VmPhase } from './vm-instance.ts';

/** Phases in which there is a machine that has what it was started with. */
const UP: ReadonlySet<VmPhase> = new Set(['Starting', 'Running', 'Paused', 'Migrating']);

const WORDS: Readonly<Record<string, string>> = {
  '/spec/disks': 'The machine is up: what it has at boot changes when it is started anew.',
};
const OTHER_WORDS = 'The machine is up: this takes effect when it is started anew.';

/** `isOptical`: of the disks that are known. */
export function restartWarnings(
  before: VmInstance,
  after: VmInstanceSpec,
  isOptical: (disk: string) => boolean,
): Warning[] {
  if (!UP.has(before.phase) || runStrategyOf(after) === 'Halted') return [];
  const there = new Set(before.spec.disks.map(diskName));
  const came = new Set((before.status.disks ?? []).flatMap(({ name, hotplugged }) => (hotplugged ? [name] : [])));
  const mayPlug = (disk: string) => came.has(disk) || !there.has(disk);
  const started = startRecord(before.spec, { firmwareUuid: before.spec.cloudInitSeed, plugged: came });
  const wanted = startRecord(after, {
    firmwareUuid: after.cloudInitSeed === '' ? before.spec.cloudInitSeed : after.cloudInitSeed,
    plugged: pluggedDisks(after.disks, { isOptical, mayPlug }),
  });
  const stillWaits = new Set(waitingFields(runningWith(before, started), wanted, false));
  const changed = waitingFields(started, wanted, false).filter((pointer) => stillWaits.has(pointer));
  return changed.map((pointer) => ({
    pointer,
    code: 'restart_required',
    message: WORDS[pointer] ?? OTHER_WORDS,
  }));
}

/**
 * What the machine has, where it is known: an edit that takes an earlier one back waits for nothing. Of its identity only
 * the cluster knows the present one, so a change of the seed is told as one.
 */
function runningWith({ status }: VmInstance, specBefore: StartedWith): StartedWith {
  return { ...(status.startedWith ?? specBefore), firmwareUuid: specBefore.firmwareUuid };
}
