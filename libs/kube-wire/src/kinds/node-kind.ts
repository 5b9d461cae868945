/** Nodes, with the columns kubectl shows. */

import type { KindDefinition } from '../protocol/kind.ts';
import type { KubeObject } from '../protocol/kube-object.ts';
import { fieldsOf, listOf, readPath } from '../protocol/kube-object.ts';
import { kubernetesSchema } from './catalogue/type-notation.ts';
import { ageColumn, column, nameColumn, textAt } from './cells.ts';

function statusText(node: KubeObject): string {
  const conditions = listOf(readPath(node, 'status.conditions')).map(fieldsOf);
  const ready = conditions.find(({ type }) => type === 'Ready');
  const texts = [ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'];
  if (readPath(node, 'spec.unschedulable') === true) texts.push('SchedulingDisabled');
  return texts.join(',');
}

const rolePrefix = 'node-role.kubernetes.io/';

function roles({ metadata }: KubeObject): string {
  const labels = Object.entries(metadata.labels ?? {});
  const found = labels.flatMap(([key, value]) => {
    if (key.startsWith(rolePrefix)) return [key.slice(rolePrefix.length)];
    return key === 'kubernetes.io/role' ? [value] : [];
  });
  return (
    found
      .filter((role) => role !== '')
      .sort()
      .join(',') || '<none>'
  );
}

function address(node: KubeObject, type: string): string {
  const found = listOf(readPath(node, 'status.addresses'))
    .map(fieldsOf)
    .find((entry) => entry.type === type);
  return found === undefined ? '<none>' : String(found.address);
}

export const nodeKind: KindDefinition = {
  group: '',
  version: 'v1',
  kind: 'Node',
  plural: 'nodes',
  schema: kubernetesSchema('Node'),
  shortNames: ['no'],
  namespaced: false,
  statusSubresource: true,
  generation: 'none',
  strategicMerge: true,
  unconditionalUpdate: true,
  selectableFields: ['spec.unschedulable'],
  mergeKeys: {
    'spec.taints': { type: 'atomic' },
    'spec.podCIDRs': { type: 'set' },
    'status.addresses': { type: 'map', keys: ['type'] },
    'status.conditions': { type: 'map', keys: ['type'] },
  },
  columns: [
    nameColumn,
    column('Status', statusText),
    column('Roles', roles),
    ageColumn,
    column('Version', (node) => textAt(node, 'status.nodeInfo.kubeletVersion', '')),
    column('Internal-IP', (node) => address(node, 'InternalIP'), 1),
    column('External-IP', (node) => address(node, 'ExternalIP'), 1),
    column('OS-Image', (node) => textAt(node, 'status.nodeInfo.osImage', '<unknown>'), 1),
    column('Kernel-Version', (node) => textAt(node, 'status.nodeInfo.kernelVersion', '<unknown>'), 1),
    column('Container-Runtime', (node) => textAt(node, 'status.nodeInfo.containerRuntimeVersion', '<unknown>'), 1),
  ],
};
