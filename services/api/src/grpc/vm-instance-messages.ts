/** Virtual machines: from messages to manifests for the one validation, from views to messages. */
import { etagOf, fieldPathOf, type PlainObject, type VmInstanceStatusView, viewOf } from '@compute/contract';
import type { DiskEntry as EntryView, VmInstance as Row, VmInstanceSpec as SpecView } from '@compute/domain';
import {
  DiskBus,
  type DiskEntry,
  ExternalMethod,
  RunStrategy,
  type VmInstance,
  type VmInstanceSpec,
  type VmInstanceStatus,
} from '@compute/proto';
import {
  conditionMessage,
  failureMessage,
  givenOnly,
  metadataInput,
  metadataMessage,
  timeOf,
} from './resource-messages.ts';
import { DISK_BUS, EXTERNAL_METHOD, RUN_STRATEGY, VM_PHASE, wordOf } from './words.ts';

/** The manifest that a message stands for: what was not sent is not in it. */
export function vmInstanceInput(message: VmInstance | undefined): PlainObject {
  if (!message) return {};
  return { metadata: metadataInput(message.metadata), ...(message.spec ? { spec: specInput(message.spec) } : {}) };
}

function specInput(spec: VmInstanceSpec): PlainObject {
  const { external, externalPorts, running, instanceProfile, sshKeys } = spec;
  const given = givenOnly({ externalPorts, instanceProfile, sshKeys, disks: spec.disks.map(entryInput) });
  return withoutUndefined({
    ...given,
    external,
    externalMethod: wordOf(EXTERNAL_METHOD, spec.externalMethod),
    running,
    runStrategy: wordOf(RUN_STRATEGY, spec.runStrategy),
    instanceType: spec.instanceType,
    cloudInit: spec.cloudInit,
    cloudInitSeed: spec.cloudInitSeed,
    resources: spec.resources && withoutUndefined({ ...spec.resources }),
  });
}

/** A disk without a bus is written as the specification writes it: by its name alone. */
function entryInput({ name, bus }: DiskEntry): unknown {
  const word = wordOf(DISK_BUS, bus);
  return word === undefined ? name : { name, bus: word };
}

const withoutUndefined = (input: PlainObject): PlainObject =>
  Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));

export function vmInstanceMessage(row: Row, viewed = viewOf): VmInstance {
  const view = viewed('VMInstance', row);
  return {
    metadata: metadataMessage(view.metadata),
    spec: specMessage(view.spec),
    status: statusMessage(view.status),
    etag: etagOf(row),
  };
}

function specMessage(spec: SpecView): VmInstanceSpec {
  return {
    external: spec.external,
    externalMethod: EXTERNAL_METHOD[spec.externalMethod] ?? ExternalMethod.EXTERNAL_METHOD_UNSPECIFIED,
    externalPorts: [...spec.externalPorts],
    running: spec.running,
    runStrategy: spec.runStrategy ? RUN_STRATEGY[spec.runStrategy] : RunStrategy.RUN_STRATEGY_UNSPECIFIED,
    instanceType: spec.instanceType,
    instanceProfile: spec.instanceProfile,
    disks: spec.disks.map(entryMessage),
    sshKeys: [...spec.sshKeys],
    cloudInit: spec.cloudInit,
    cloudInitSeed: spec.cloudInitSeed,
    resources: spec.resources && {
      cpu: quantityText(spec.resources.cpu),
      memory: quantityText(spec.resources.memory),
      sockets: quantityText(spec.resources.sockets),
    },
  };
}

/** Protobuf has one form for quantities; the text says the same. */
function quantityText(quantity: string | number | undefined): string | undefined {
  return quantity === undefined ? undefined : `${quantity}`;
}

function entryMessage(entry: EntryView): DiskEntry {
  if (typeof entry === 'string') return { name: entry, bus: DiskBus.DISK_BUS_UNSPECIFIED };
  return { name: entry.name, bus: entry.bus ? DISK_BUS[entry.bus] : DiskBus.DISK_BUS_UNSPECIFIED };
}

function statusMessage(status: VmInstanceStatusView): VmInstanceStatus {
  const { addresses, guest, restartRequired } = status;
  return {
    phase: VM_PHASE[status.phase],
    conditions: status.conditions.map(conditionMessage),
    observedGeneration: BigInt(status.observedGeneration),
    failure: failureMessage(status.failure),
    instanceType: status.instanceType,
    addresses: addresses && { external: addresses.external, internal: [...(addresses.internal ?? [])] },
    disks: (status.disks ?? []).map((disk) => ({ ...disk, hotplugged: disk.hotplugged ?? false })),
    guest: guest && { osName: guest.osName, hostname: guest.hostname, agentConnected: guest.agentConnected },
    startedAt: timeOf(status.startedAt),
    restartRequired: restartRequired && {
      since: new Date(restartRequired.since),
      fields: restartRequired.fields.map((pointer) => fieldPathOf(pointer, '')),
    },
  };
}
