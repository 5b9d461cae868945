/** Which differences between a machine's objects and its row's manifests are losses, and what becomes of each. Pure. */
import type { Secret, Service } from '../kinds.ts';
import { type Difference, differences } from './differences.ts';
import type { MachineObjects } from './machine-objects.ts';
import { type Loss, shown } from './reading.ts';

const USER_DATA_KEYS: ReadonlySet<string> = new Set(['userdata', 'userData']);
/** What a Service may have besides ours that changes who reaches the machine. */
const GUARDED = ['loadBalancerSourceRanges', 'loadBalancerClass', 'loadBalancerIP', 'externalIPs'] as const;
const OWN_DISKS = 'spec.dataVolumeTemplates';

/** What the row renders and the object lacks is an addition, no loss. */
export function lossesOfMachine(all: readonly Difference[]): Loss[] {
  return all
    .filter(({ found }) => found !== undefined)
    .map((difference) => ({
      path: difference.path,
      found: shown(difference.found),
      consequence: consequenceOf(difference),
    }));
}

function consequenceOf({ path, wanted, inList }: Difference): string {
  if (path.startsWith(OWN_DISKS))
    return 'It stays: the cluster deletes these volumes with the machine and makes deleted ones anew.';
  const when = path.startsWith('spec.template') ? 'when the machine next starts' : 'at once';
  if (wanted !== undefined) return `It becomes ${shown(wanted)} ${when}.`;
  if (inList) return `It is taken away ${when}.`;
  return 'It stays on the object, but no row knows it: a machine that is made anew lacks it.';
}

/** The identity of a guest that nobody can tell. */
export function lossOfIdentity({ firmwareUuid }: { readonly firmwareUuid?: string }): Loss[] {
  if (firmwareUuid !== undefined) return [];
  const consequence = 'Only a machine that is up shows it. It gets another one, and cloud-init runs again.';
  return [{ path: 'spec.template.spec.domain.firmware.uuid', found: 'not known', consequence }];
}

/** What stands in the machine's Secrets besides user data and keys; names alone are shown. */
export function lossesOfSecrets({ userData }: MachineObjects): Loss[] {
  const consequence = 'It is not copied, and the guest lacks it when the machine next starts.';
  return Object.keys((userData as Secret | undefined)?.data ?? {})
    .filter((key) => !USER_DATA_KEYS.has(key))
    .map((key) => ({ path: `userData.${key}`, found: 'a value that is not shown', consequence }));
}

/** A Service works at once, so that what is added to it matters as well. `wanted` is absent when none is rendered. */
export function lossesOfService(service: Service | undefined, wanted: Service | undefined): Loss[] {
  if (service === undefined) return [];
  if (wanted === undefined) {
    const { type, ports = [] } = service.spec;
    const consequence =
      'It is deleted, and its name inside the cluster with it: a machine that is not exposed has none.';
    return [{ path: 'service', found: shown({ type, ports: ports.map(({ port }) => port) }), consequence }];
  }
  return differences(partOf(service, wanted), partOf(wanted, wanted), { path: 'service', inList: false }).map(
    ({ path, found, wanted: ours }) => ({
      path,
      found: found === undefined ? 'nothing' : shown(found),
      consequence: ours === undefined ? 'It is taken away at once.' : `It becomes ${shown(ours)} at once.`,
    }),
  );
}

/** What of a Service decides who reaches the machine: what we write, and what guards it. Ports without the node's. */
function partOf({ metadata, spec }: Service, ours: Service): Record<string, unknown> {
  const pick = (from: Readonly<Record<string, unknown>> = {}, names: readonly string[]) =>
    Object.fromEntries(names.filter((name) => from[name] !== undefined).map((name) => [name, from[name]]));
  const annotations = Object.keys(ours.metadata.annotations ?? {}).filter((name) => name.startsWith('networking.'));
  const proxy = ['service.kubernetes.io/service-proxy-name'];
  const { type, externalTrafficPolicy, allocateLoadBalancerNodePorts, selector, ports = [] } = spec;
  return {
    labels: pick(metadata.labels, proxy),
    annotations: pick(metadata.annotations, annotations),
    spec: {
      ...{ type, externalTrafficPolicy, allocateLoadBalancerNodePorts, selector },
      ports: ports.map(({ port, protocol = 'TCP' }) => ({ name: String(port), protocol })),
      ...pick(spec as unknown as Record<string, unknown>, GUARDED),
    },
  };
}
