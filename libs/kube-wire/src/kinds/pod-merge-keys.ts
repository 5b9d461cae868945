/** How the lists of a pod are merged; other kinds embed pod specs and reuse the rules with a prefix. */
import type { ListRule, MergeKeys } from '../protocol/kind.ts';

const byName: ListRule = { type: 'map', keys: ['name'] };

const containerRules: MergeKeys = {
  env: byName,
  ports: {
    type: 'map',
    keys: ['containerPort', 'protocol'],
    patchKey: 'containerPort',
    defaults: { protocol: 'TCP' },
  },
  volumeMounts: { type: 'map', keys: ['mountPath'] },
  volumeDevices: { type: 'map', keys: ['devicePath'] },
};

function prefixed(prefix: string, rules: MergeKeys): MergeKeys {
  return Object.fromEntries(Object.entries(rules).map(([path, rule]) => [`${prefix}.${path}`, rule]));
}

/** Rules of a pod spec that stands at `prefix`. */
export function podSpecMergeKeys(prefix: string): MergeKeys {
  const own: MergeKeys = {
    containers: byName,
    initContainers: byName,
    ephemeralContainers: byName,
    volumes: byName,
    imagePullSecrets: byName,
    hostAliases: { type: 'map', keys: ['ip'] },
    schedulingGates: byName,
    topologySpreadConstraints: {
      type: 'map',
      keys: ['topologyKey', 'whenUnsatisfiable'],
      patchKey: 'topologyKey',
    },
  };
  const lists = ['containers', 'initContainers', 'ephemeralContainers'];
  const nested = lists.map((list) => prefixed(list, containerRules));
  return prefixed(prefix, Object.assign({}, own, ...nested));
}

export const podMergeKeys: MergeKeys = {
  ...podSpecMergeKeys('spec'),
  'status.conditions': { type: 'map', keys: ['type'] },
  'status.podIPs': { type: 'map', keys: ['ip'] },
  'status.hostIPs': { type: 'map', keys: ['ip'] },
};
