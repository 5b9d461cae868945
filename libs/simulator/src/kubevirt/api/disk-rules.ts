/** What a template's disks and volumes must satisfy, with KubeVirt's words for each refusal. */
import type { CloudInitSource, DiskSpec, VmiSpec, VolumeSpec } from '../objects.ts';
import type { Cause } from './cause.ts';
import { invalid } from './cause.ts';

const CLOUD_INIT_MAX_BYTES = 2048;
const BUSES: readonly string[] = ['virtio', 'scsi', 'sata', 'usb'];
const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** Every refusal of the disks and volumes of a template; `path` is where the spec is in the object. */
export function diskCauses(path: string, spec: VmiSpec): Cause[] {
  const disks = spec.domain.devices?.disks ?? [];
  const volumes = spec.volumes ?? [];
  const disksPath = `${path}.domain.devices.disks`;
  return [
    ...disks.flatMap((disk, index) => oneDiskCauses(disksPath, disk, index, disks)),
    ...disks.flatMap((disk, index) => withoutVolume(disksPath, disk, index, volumes)),
    ...bootOrderCauses(path, spec),
    ...volumes.flatMap((volume, index) => volumeCauses(path, volume, index, volumes)),
    ...volumes.flatMap((volume, index) => withoutDisk(path, volume, index, spec)),
  ];
}

function oneDiskCauses(path: string, disk: DiskSpec, index: number, disks: readonly DiskSpec[]): Cause[] {
  const at = `${path}[${index}]`;
  const causes = disks.slice(0, index).flatMap((other, otherIndex) => {
    const message = `${at} and ${path}[${otherIndex}] must not have the same Name.`;
    return other.name === disk.name ? [invalid(`${at}.name`, message)] : [];
  });
  const targets = [disk.disk, disk.cdrom, disk.lun].filter((target) => target !== undefined);
  if (targets.length > 1) causes.push(invalid(at, `${at} can only have a single target type defined`));
  if (disk.bootOrder !== undefined && disk.bootOrder < 1) {
    causes.push(invalid(`${at}.bootOrder`, `${at} must have a boot order > 0, if supplied`));
  }
  causes.push(...busCauses(at, disk));
  if (!LABEL.test(disk.name ?? '') || disk.name.length > 63) causes.push(invalid(`${at}.name`, LABEL_TEXT));
  return causes;
}

const LABEL_TEXT =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an " +
  "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

function busCauses(at: string, disk: DiskSpec): Cause[] {
  const type = disk.disk !== undefined ? 'disk' : disk.lun !== undefined ? 'lun' : 'cdrom';
  const bus = disk[type]?.bus ?? '';
  const field = `${at}.${type}.bus`;
  if (bus === '') return [];
  if (bus === 'ide') return [invalid(field, 'IDE bus is not supported')];
  if (bus === 'virtio' && type === 'cdrom') return [invalid(field, `Bus type ${bus} is invalid for CD-ROM device`)];
  if (bus === 'sata' && disk.disk?.readonly === true) {
    return [invalid(field, `${bus} hard-disks do not support read-only.`)];
  }
  if (BUSES.includes(bus)) return [];
  return [invalid(field, `${at} is set with an unrecognized bus ${bus}, must be one of: [${BUSES.join(' ')}]`)];
}

function withoutVolume(path: string, disk: DiskSpec, index: number, volumes: readonly VolumeSpec[]): Cause[] {
  if (volumes.some(({ name }) => name === disk.name)) return [];
  if (disk.cdrom !== undefined) {
    const text = 'DeclarativeHotplugVolumes feature gate not enabled, cannot define an empty CD-ROM disk';
    return [invalid(`${path}[${index}].name`, text)];
  }
  return [invalid(`${path}[${index}].name`, `${path}[${index}].Name '${disk.name}' not found.`)];
}

function bootOrderCauses(path: string, spec: VmiSpec): Cause[] {
  const { disks = [], interfaces = [] } = spec.domain.devices ?? {};
  const seen = new Set<number>();
  const ordered = [
    ...disks.map((disk, index) => ({ order: disk.bootOrder, at: `disks[${index}]` })),
    ...interfaces.map((nic, index) => ({ order: nic.bootOrder, at: `interfaces[${index}]` })),
  ];
  return ordered.flatMap(({ order, at }) => {
    if (order === undefined) return [];
    const field = `${path}.domain.devices.${at}.bootOrder`;
    const taken = seen.has(order);
    seen.add(order);
    return taken ? [invalid(field, `Boot order for ${field} already set for a different device.`)] : [];
  });
}

const SOURCES = [
  'persistentVolumeClaim',
  'cloudInitNoCloud',
  'cloudInitConfigDrive',
  'containerDisk',
  'ephemeral',
  'emptyDisk',
  'hostDisk',
  'dataVolume',
  'configMap',
  'secret',
  'downwardAPI',
  'serviceAccount',
  'downwardMetrics',
  'memoryDump',
  'sysprep',
] as const;

function volumeCauses(path: string, volume: VolumeSpec, index: number, volumes: readonly VolumeSpec[]): Cause[] {
  const at = `${path}.volumes[${index}]`;
  const causes = volumes.slice(0, index).flatMap((other, otherIndex) => {
    const message = `${at} and ${path}.volumes[${otherIndex}] must not have the same Name.`;
    return other.name === volume.name ? [invalid(`${at}.name`, message)] : [];
  });
  const fields = volume as unknown as Record<string, unknown>;
  const sources = SOURCES.filter((source) => fields[source] !== undefined && fields[source] !== null);
  if (sources.length !== 1) causes.push(invalid(at, `${at} must have exactly one source type set`));
  if (volume.dataVolume !== undefined && (volume.dataVolume.name ?? '') === '') {
    causes.push({ type: 'FieldValueRequired', field: `${at}.name`, message: "DataVolume 'name' must be set" });
  }
  if (volume.cloudInitNoCloud !== undefined)
    causes.push(...cloudInitCauses(`${at}.cloudInitNoCloud`, volume.cloudInitNoCloud));
  if (volume.cloudInitConfigDrive !== undefined) {
    causes.push(...cloudInitCauses(`${at}.cloudInitConfigDrive`, volume.cloudInitConfigDrive));
  }
  return causes;
}

function cloudInitCauses(at: string, source: CloudInitSource): Cause[] {
  const user = [source.secretRef?.name, source.userDataBase64, source.userData].filter(isSet);
  const network = [source.networkDataSecretRef?.name, source.networkDataBase64, source.networkData].filter(isSet);
  const causes: Cause[] = [];
  if (user.length > 1) causes.push(invalid(at, `${at} must have only one userdatasource set.`));
  if (sizeOf(source.userData, source.userDataBase64) > CLOUD_INIT_MAX_BYTES) {
    const limit = `userdata exceeds ${CLOUD_INIT_MAX_BYTES} byte limit`;
    causes.push(invalid(at, `${at} ${limit}. Should use UserDataSecretRef for larger data.`));
  }
  if (network.length > 1) causes.push(invalid(at, `${at} must have only one networkdata source set.`));
  if (sizeOf(source.networkData, source.networkDataBase64) > CLOUD_INIT_MAX_BYTES) {
    const limit = `networkdata exceeds ${CLOUD_INIT_MAX_BYTES} byte limit`;
    causes.push(invalid(at, `${at} ${limit}. Should use NetworkDataSecretRef for larger data.`));
  }
  if (user.length + network.length === 0) {
    causes.push(invalid(at, `${at} must have at least one userdatasource or one networkdatasource set.`));
  }
  return causes;
}

function isSet(value: string | undefined): boolean {
  return (value ?? '') !== '';
}

function sizeOf(plain: string | undefined, base64: string | undefined): number {
  return Math.max(Buffer.byteLength(plain ?? ''), Buffer.from(base64 ?? '', 'base64').length);
}

function withoutDisk(path: string, volume: VolumeSpec, index: number, spec: VmiSpec): Cause[] {
  const devices = spec.domain.devices as { disks?: { name: string }[]; filesystems?: { name: string }[] } | undefined;
  const users = [...(devices?.disks ?? []), ...(devices?.filesystems ?? [])];
  const optional = (volume as unknown as Record<string, unknown>).memoryDump !== undefined;
  if (optional || users.some(({ name }) => name === volume.name)) return [];
  const field = `${path}.domain.volumes[${index}].name`;
  return [invalid(field, `${field} '${volume.name}' not found.`)];
}
