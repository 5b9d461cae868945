/**
 * The words of the manifests and their numbers on the wire, both ways. Each table names every word of the domain, so a
 * new one does not compile until it has a number. A number that no word has is refused, never read as the default.
 */
import type {
  DiskBus as BusWord,
  ConditionStatus as ConditionWord,
  DiskPhase as DiskPhaseWord,
  ImportPhase as ImportWord,
  ExternalMethod as MethodWord,
  RunStrategy as StrategyWord,
  VmPhase as VmPhaseWord,
} from '@compute/domain';
import { ConditionStatus, DiskBus, DiskPhase, ExternalMethod, ImportPhase, RunStrategy, VmPhase } from '@compute/proto';

export const CONDITION_STATUS: Readonly<Record<ConditionWord, ConditionStatus>> = {
  True: ConditionStatus.CONDITION_STATUS_TRUE,
  False: ConditionStatus.CONDITION_STATUS_FALSE,
  Unknown: ConditionStatus.CONDITION_STATUS_UNKNOWN,
};

export const EXTERNAL_METHOD: Readonly<Record<MethodWord, ExternalMethod>> = {
  PortList: ExternalMethod.EXTERNAL_METHOD_PORT_LIST,
  WholeIP: ExternalMethod.EXTERNAL_METHOD_WHOLE_IP,
};

export const RUN_STRATEGY: Readonly<Record<StrategyWord, RunStrategy>> = {
  Always: RunStrategy.RUN_STRATEGY_ALWAYS,
  Halted: RunStrategy.RUN_STRATEGY_HALTED,
  Manual: RunStrategy.RUN_STRATEGY_MANUAL,
  RerunOnFailure: RunStrategy.RUN_STRATEGY_RERUN_ON_FAILURE,
  Once: RunStrategy.RUN_STRATEGY_ONCE,
};

export const DISK_BUS: Readonly<Record<BusWord, DiskBus>> = {
  virtio: DiskBus.DISK_BUS_VIRTIO,
  sata: DiskBus.DISK_BUS_SATA,
  scsi: DiskBus.DISK_BUS_SCSI,
  usb: DiskBus.DISK_BUS_USB,
};

export const VM_PHASE: Readonly<Record<VmPhaseWord, VmPhase>> = {
  Pending: VmPhase.VM_PHASE_PENDING,
  Provisioning: VmPhase.VM_PHASE_PROVISIONING,
  Starting: VmPhase.VM_PHASE_STARTING,
  Running: VmPhase.VM_PHASE_RUNNING,
  Stopping: VmPhase.VM_PHASE_STOPPING,
  Stopped: VmPhase.VM_PHASE_STOPPED,
  Paused: VmPhase.VM_PHASE_PAUSED,
  Migrating: VmPhase.VM_PHASE_MIGRATING,
  Failed: VmPhase.VM_PHASE_FAILED,
  Deleting: VmPhase.VM_PHASE_DELETING,
};

export const DISK_PHASE: Readonly<Record<DiskPhaseWord, DiskPhase>> = {
  Pending: DiskPhase.DISK_PHASE_PENDING,
  Importing: DiskPhase.DISK_PHASE_IMPORTING,
  Ready: DiskPhase.DISK_PHASE_READY,
  Resizing: DiskPhase.DISK_PHASE_RESIZING,
  Failed: DiskPhase.DISK_PHASE_FAILED,
  Deleting: DiskPhase.DISK_PHASE_DELETING,
};

export const IMPORT_PHASE: Readonly<Record<ImportWord, ImportPhase>> = {
  Pending: ImportPhase.IMPORT_PHASE_PENDING,
  Scheduled: ImportPhase.IMPORT_PHASE_SCHEDULED,
  Downloading: ImportPhase.IMPORT_PHASE_DOWNLOADING,
  Cloning: ImportPhase.IMPORT_PHASE_CLONING,
  Retrying: ImportPhase.IMPORT_PHASE_RETRYING,
  Done: ImportPhase.IMPORT_PHASE_DONE,
  Failed: ImportPhase.IMPORT_PHASE_FAILED,
};

/** The word of a number; undefined for 0 (not given); the number itself as text when no word has it. */
export function wordOf(table: Readonly<Record<string, number>>, value: number): string | undefined {
  if (value === 0) return undefined;
  return Object.keys(table).find((word) => table[word] === value) ?? String(value);
}
