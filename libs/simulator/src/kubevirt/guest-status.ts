/**
 * What virt-handler knows of a guest and writes into the VMI's status.
 *
 * Pure. MAC addresses that the spec leaves open are made anew for each VMI, as in bridge mode on a real cluster: a guest that pins
 * its network to a MAC loses it at the next restart.
 */
import { withCondition, withoutConditions } from './conditions.ts';
import { guestBytes } from './launcher-pod.ts';
import type {
  Condition,
  InterfaceSpec,
  PersistentVolumeClaim,
  Pod,
  VirtualMachineInstance,
  VmiInterfaceStatus,
  VmiStatus,
  VolumeStatus,
} from './objects.ts';
import { claimNameOf, isHotpluggable } from './objects.ts';
import { formatBytes } from './quantity.ts';
import { topologyOf } from './vmi-from-vm.ts';
import { recordTransition } from './vmi-status.ts';
import type { VolumeLookup } from './volumes.ts';

export interface GuestFacts {
  vmi: VirtualMachineInstance;
  pod: Pod;
  lookup: VolumeLookup;
  nowMs: number;
}

/** The status of a guest whose machine has just begun to run. */
export function bootedStatus(facts: GuestFacts): VmiStatus {
  const { vmi, nowMs } = facts;
  const status: VmiStatus = { ...vmi.status, phase: 'Running' };
  recordTransition(status, 'Running', nowMs);
  status.currentCPUTopology = topologyOf(vmi.spec);
  const memory = formatBytes(guestBytes(vmi.spec));
  status.memory = { guestAtBoot: memory, guestCurrent: memory, guestRequested: memory };
  status.machine = { type: 'pc-q35-rhel9.6.0' };
  status.migrationMethod = 'BlockMigration';
  // Nodes without SELinux; where nothing is said of it, virt-controller brings no volume to a machine that runs.
  status.selinuxContext = 'none';
  status.interfaces = interfacesOf(facts, 'domain');
  status.volumeStatus = volumeStatuses(facts);
  status.conditions = migratability(facts).reduce(withCondition, status.conditions ?? []);
  if (vmi.spec.startStrategy === 'Paused') status.conditions = withCondition(status.conditions, pausedCondition(nowMs));
  return status;
}

/** The status once the guest agent answers: it adds the guest's own view. */
export function agentStatus(facts: GuestFacts): VmiStatus {
  const now = timestamp(facts.nowMs);
  return {
    ...facts.vmi.status,
    conditions: withCondition(facts.vmi.status?.conditions, {
      type: 'AgentConnected',
      status: 'True',
      lastProbeTime: now,
      lastTransitionTime: null,
    }),
    interfaces: interfacesOf(facts, 'domain, guest-agent'),
    guestOSInfo: guestOsInfo(facts.vmi),
  };
}

/** The status of a guest that reboots: the agent is away for a while. */
export function rebootingStatus(vmi: VirtualMachineInstance): VmiStatus {
  const { guestOSInfo: _guest, ...status } = vmi.status ?? {};
  return { ...status, conditions: withoutConditions(status.conditions, 'AgentConnected') };
}

/** The status of a guest that has ended. */
export function endedStatus(vmi: VirtualMachineInstance, phase: 'Succeeded' | 'Failed', nowMs: number): VmiStatus {
  const status: VmiStatus = { ...vmi.status, phase };
  recordTransition(status, phase, nowMs);
  return status;
}

/** The condition of a guest that a user paused. */
export function pausedCondition(nowMs: number): Condition {
  const now = timestamp(nowMs);
  const message = 'VMI was paused by user';
  return {
    type: 'Paused',
    status: 'True',
    reason: 'PausedByUser',
    message,
    lastProbeTime: now,
    lastTransitionTime: now,
  };
}

function timestamp(nowMs: number): string {
  return new Date(nowMs).toISOString().replace(/\.\d+Z$/, 'Z');
}

function interfacesOf({ vmi, pod }: GuestFacts, infoSource: string): VmiInterfaceStatus[] {
  const seed = vmi.metadata.uid ?? '';
  return (vmi.spec.domain.devices?.interfaces ?? []).map((nic, index) => {
    const onPodNetwork = vmi.spec.networks?.find(({ name }) => name === nic.name)?.pod !== undefined;
    const ip = onPodNetwork ? pod.status?.podIP : undefined;
    return {
      name: nic.name,
      ...(ip === undefined ? {} : { ipAddress: ip, ipAddresses: [ip] }),
      mac: nic.macAddress ?? generatedMac(seed, index),
      podInterfaceName: `eth${index}`,
      ...(infoSource.includes('guest-agent') ? { interfaceName: `enp${index + 1}s0` } : {}),
      infoSource,
      linkState: 'up',
      queueCount: 1,
    };
  });
}

/** A locally administered MAC from the VMI's uid: new with each VMI, the same when asked again. */
function generatedMac(uid: string, index: number): string {
  const hex = uid.replaceAll('-', '').padEnd(10, '0');
  const bytes = [0, 2, 4, 6].map((at) => hex.slice(at, at + 2));
  return ['02', ...bytes, index.toString(16).padStart(2, '0')].join(':');
}

function volumeStatuses({ vmi, lookup }: GuestFacts): VolumeStatus[] {
  const booted = (vmi.spec.volumes ?? []).filter((volume) => !isHotpluggable(volume));
  const coming = (vmi.status?.volumeStatus ?? []).filter(({ hotplugVolume }) => hotplugVolume !== undefined);
  const statuses = booted.map((volume, index): VolumeStatus => {
    const name = claimNameOf(volume);
    const claim = name === undefined ? undefined : lookup.claim(name);
    const target = { name: volume.name, target: `vd${String.fromCharCode(97 + index)}` };
    return claim === undefined
      ? { ...target, size: 1_048_576 }
      : { ...target, persistentVolumeClaimInfo: claimInfo(claim) };
  });
  return [...statuses, ...coming].sort((a, b) => a.name.localeCompare(b.name));
}

/** What a VMI's status says of a claim. */
export function claimInfo(claim: PersistentVolumeClaim): object {
  const { accessModes, volumeMode, resources } = claim.spec;
  return {
    claimName: claim.metadata.name,
    accessModes,
    volumeMode,
    capacity: claim.status?.capacity,
    requests: resources?.requests,
    filesystemOverhead: volumeMode === 'Block' ? '0' : '0.055',
  };
}

function migratability(facts: GuestFacts): Condition[] {
  const obstacle = migrationObstacle(facts);
  const base = { lastProbeTime: null, lastTransitionTime: null };
  const storage: Condition = { type: 'StorageLiveMigratable', status: 'True', ...base };
  if (obstacle === undefined) return [{ type: 'LiveMigratable', status: 'True', ...base }, storage];
  return [{ type: 'LiveMigratable', status: 'False', ...obstacle, ...base }, storage];
}

function migrationObstacle({ vmi, lookup }: GuestFacts): { reason: string; message: string } | undefined {
  for (const volume of vmi.spec.volumes ?? []) {
    const name = claimNameOf(volume);
    const claim = name === undefined ? undefined : lookup.claim(name);
    if (claim === undefined || claim.spec.accessModes?.includes('ReadWriteMany') === true) continue;
    const shared = 'live migration requires that all PVCs must be shared (using ReadWriteMany access mode)';
    return { reason: 'DisksNotLiveMigratable', message: `cannot migrate VMI: PVC ${name} is not shared, ${shared}` };
  }
  const allowed = vmi.metadata.annotations?.['kubevirt.io/allow-pod-bridge-network-live-migration'] !== undefined;
  const bridged = (vmi.spec.domain.devices?.interfaces ?? []).some((nic) => isPodBridge(vmi, nic));
  if (!bridged || allowed) return undefined;
  const message =
    'cannot migrate VMI which does not use masquerade, bridge with kubevirt.io/allow-pod-bridge-network-live-migration VM annotation or a migratable plugin to connect to the pod network';
  return { reason: 'InterfaceNotLiveMigratable', message };
}

function isPodBridge(vmi: VirtualMachineInstance, nic: InterfaceSpec): boolean {
  const network = vmi.spec.networks?.find(({ name }) => name === nic.name);
  return nic.bridge !== undefined && network?.pod !== undefined;
}

/** What the agent of a guest of this preference would tell; the preference's name is the only hint at the guest's system. */
function guestOsInfo(vmi: VirtualMachineInstance): Record<string, string> {
  const preference = vmi.metadata.annotations?.['kubevirt.io/cluster-preference-name'] ?? 'linux';
  const [, id = 'linux'] = /^([a-z]+)/.exec(preference) ?? [];
  const known = GUEST_SYSTEMS[id] ?? { name: id, version: '1', prettyName: id };
  return {
    id: id === 'windows' ? 'mswindows' : id,
    name: known.name,
    prettyName: known.prettyName,
    version: known.version,
    versionId: known.version,
    kernelRelease: id === 'windows' ? '20348' : '6.8.0-60-generic',
    machine: 'x86_64',
  };
}

const GUEST_SYSTEMS: Record<string, { name: string; version: string; prettyName: string }> = {
  ubuntu: { name: 'Ubuntu', version: '24.04', prettyName: 'Ubuntu 24.04.3 LTS' },
  fedora: { name: 'Fedora Linux', version: '42', prettyName: 'Fedora Linux 42 (Cloud Edition)' },
  windows: { name: 'Microsoft Windows', version: '2022', prettyName: 'Windows Server 2022 Standard' },
  alpine: { name: 'Alpine Linux', version: '3.22', prettyName: 'Alpine Linux v3.22' },
};
