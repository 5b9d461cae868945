/**
 * Whether a running machine must be restarted before its template holds.
 *
 * Compared is what was started (the frozen revision of the VM's spec, its instance type applied) with what is wanted now.
 * Node selection and hotpluggable volumes apply live and are left out. vCPU and memory hot-plug are not imitated: every such
 * change asks for a restart.
 */
import { isDeepStrictEqual } from 'node:util';
import type { DiskSpec, VmiSpec, VolumeSpec } from './objects.ts';
import { isHotpluggable } from './objects.ts';

/** Both specs with instance type and preference applied. */
export function isRestartRequired(started: VmiSpec, wanted: VmiSpec): boolean {
  return !isDeepStrictEqual(comparable(withLiveVolumes(started, wanted)), comparable(wanted));
}

/** What was started, with the volumes and disks that are wanted if every difference is a hotpluggable one. */
function withLiveVolumes(started: VmiSpec, wanted: VmiSpec): VmiSpec {
  const [before, after] = [started.volumes ?? [], wanted.volumes ?? []];
  const sameVolumes = isDeepStrictEqual(lasting(before, after), lasting(after, after));
  const [had, has] = [disksOf(started), disksOf(wanted)];
  const sameDisks = isDeepStrictEqual(lastingDisks(had, before, after), lastingDisks(has, after, after));
  const volumes = sameVolumes ? wanted.volumes : started.volumes;
  const disks = sameDisks ? wanted.domain.devices?.disks : started.domain.devices?.disks;
  const { devices } = started.domain;
  const domain =
    devices === undefined && disks === undefined
      ? started.domain
      : { ...started.domain, devices: { ...devices, disks } };
  return { ...started, volumes, domain } as VmiSpec;
}

/** The volumes by name that a start alone can change: neither hotpluggable themselves nor wanted to be. */
function lasting(volumes: readonly VolumeSpec[], wanted: readonly VolumeSpec[]): Map<string, VolumeSpec> {
  const live = new Set([...volumes, ...wanted].filter(isHotpluggable).map(({ name }) => name));
  return byName(volumes.filter(({ name }) => !live.has(name)));
}

function lastingDisks(
  disks: readonly DiskSpec[],
  volumes: readonly VolumeSpec[],
  wanted: readonly VolumeSpec[],
): Map<string, DiskSpec> {
  const kept = lasting(volumes, wanted);
  return byName(disks.filter(({ name, cdrom }) => kept.has(name) || cdrom !== undefined));
}

function disksOf({ domain }: VmiSpec): readonly DiskSpec[] {
  return domain.devices?.disks ?? [];
}

function byName<T extends { name: string }>(list: readonly T[]): Map<string, T> {
  const plain = JSON.parse(JSON.stringify(list)) as T[];
  return new Map(plain.map((one) => [one.name, one]));
}

function comparable(spec: VmiSpec): unknown {
  const { nodeSelector: _selector, affinity: _affinity, tolerations: _tolerations, ...rest } = spec;
  return JSON.parse(JSON.stringify(rest));
}
