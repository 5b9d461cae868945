/** KubeVirt's kinds with the columns, list keys and subresources their definitions have. */

import type { KindDefinition } from '../protocol/kind.ts';
import { kubevirtSchema } from './catalogue/type-notation.ts';
import { createdColumn, pathColumn } from './cells.ts';

const virt = { group: 'kubevirt.io', version: 'v1', namespaced: true } as const;
const readyPath = ".status.conditions[?(@.type=='Ready')].status";

export const virtualMachineKind: KindDefinition = {
  ...virt,
  kind: 'VirtualMachine',
  plural: 'virtualmachines',
  schema: kubevirtSchema('VirtualMachine'),
  shortNames: ['vm', 'vms'],
  categories: ['all'],
  statusSubresource: true,
  columns: [
    createdColumn,
    pathColumn('Status', '.status.printableStatus', 'Human Readable Status'),
    pathColumn('Ready', readyPath),
  ],
};

/** Has no status subresource: controllers write its status with ordinary updates. */
export const virtualMachineInstanceKind: KindDefinition = {
  ...virt,
  kind: 'VirtualMachineInstance',
  plural: 'virtualmachineinstances',
  schema: kubevirtSchema('VirtualMachineInstance'),
  shortNames: ['vmi', 'vmis'],
  categories: ['all'],
  statusSubresource: false,
  columns: [
    createdColumn,
    pathColumn('Phase', '.status.phase'),
    pathColumn('IP', '.status.interfaces[0].ipAddress'),
    pathColumn('NodeName', '.status.nodeName'),
    pathColumn('Ready', readyPath),
    pathColumn('Live-Migratable', ".status.conditions[?(@.type=='LiveMigratable')].status", '', 'string', 1),
    pathColumn('Paused', ".status.conditions[?(@.type=='Paused')].status", '', 'string', 1),
  ],
};

const migrationKind: KindDefinition = {
  ...virt,
  kind: 'VirtualMachineInstanceMigration',
  plural: 'virtualmachineinstancemigrations',
  schema: kubevirtSchema('VirtualMachineInstanceMigration'),
  shortNames: ['vmim', 'vmims'],
  categories: ['all'],
  statusSubresource: true,
  columns: [
    pathColumn('Phase', '.status.phase', 'The current phase of VM instance migration'),
    pathColumn('VMI', '.spec.vmiName', 'The name of the VMI to perform the migration on'),
  ],
};

const instancetype = {
  group: 'instancetype.kubevirt.io',
  version: 'v1beta1',
  namespaced: false,
  statusSubresource: false,
} as const;

export const kubevirtKinds: KindDefinition[] = [
  virtualMachineKind,
  virtualMachineInstanceKind,
  migrationKind,
  {
    ...instancetype,
    kind: 'VirtualMachineClusterInstancetype',
    plural: 'virtualmachineclusterinstancetypes',
    schema: kubevirtSchema('VirtualMachineClusterInstancetype'),
    shortNames: ['vmclusterinstancetype', 'vmclusterinstancetypes', 'vmcf', 'vmcfs'],
  },
  {
    ...instancetype,
    kind: 'VirtualMachineClusterPreference',
    plural: 'virtualmachineclusterpreferences',
    schema: kubevirtSchema('VirtualMachineClusterPreference'),
    shortNames: ['vmcp', 'vmcps'],
  },
];
