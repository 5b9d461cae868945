/** Our kinds as Kubernetes knows them: their names, their columns and what selectors may name. */
import type { VmDiskView, VmInstanceView } from '@compute/contract';
import { API_GROUP, API_VERSION, diskName, type Kind } from '@compute/domain';
import { ageColumn, column, type KindDefinition, type KubeObject, nameColumn } from '@compute/kube-wire';
import { schemaOf } from './kind-schema.ts';

const shared = {
  group: API_GROUP,
  version: API_VERSION.slice(API_GROUP.length + 1),
  namespaced: true,
  statusSubresource: true,
  judgedByBackend: true,
  selectableFields: ['status.phase'],
  categories: ['all', 'compute'],
} satisfies Partial<KindDefinition>;

const NONE = '<none>';
const WIDE = 1;

/** Objects of this face are made of views, so their types are known. */
const vmOf = (object: KubeObject) => object as unknown as Pick<VmInstanceView, 'spec' | 'status'>;
const diskOf = (object: KubeObject) => object as unknown as Pick<VmDiskView, 'spec' | 'status'>;

const listed = (names: readonly string[]): string => (names.length === 0 ? NONE : names.join(','));

type Status = Pick<VmInstanceView['status'] | VmDiskView['status'], 'failure'> & {
  readonly conditions: readonly { readonly type: string; readonly status: string; readonly message: string }[];
};

const readyOf = ({ conditions }: Status) => conditions.find(({ type }) => type === 'Ready');

/** What a person should know: the failure, or what it waits for. */
function messageOf(status: Status): string {
  const ready = readyOf(status);
  return status.failure?.message ?? (ready?.status === 'True' ? '' : (ready?.message ?? ''));
}

/** A machine that runs may owe its user a restart, or a disk on its way. */
function machineMessage(status: VmInstanceView['status']): string {
  const message = messageOf(status);
  if (message !== '') return message;
  const applied = status.conditions.find(({ type }) => type === 'SpecApplied');
  const { fields } = status.restartRequired ?? {};
  const restart = fields && restartSentence(fields);
  return [restart, applied?.status === 'False' ? applied.message : undefined].filter(Boolean).join(' ');
}

function restartSentence(fields: readonly string[]): string {
  const names = fields.map((pointer) => pointer.slice('/spec/'.length));
  return names.length === 0 ? 'Restart needed.' : `Restart needed for ${names.join(', ')}.`;
}

function addressOf({ addresses }: VmInstanceView['status']): string {
  return addresses?.external ?? addresses?.internal?.[0] ?? NONE;
}

function progressOf({ phase, import: progress }: VmDiskView['status']): string {
  if (phase === 'Ready') return '100%';
  return progress?.percent === undefined ? NONE : `${Math.floor(progress.percent)}%`;
}

function sourceOf({ source }: VmDiskView['spec']): string {
  if (source.http) return source.http.url;
  if (source.image) return `image/${source.image.name}`;
  return source.disk ? `vmdisk/${source.disk.name}` : 'empty';
}

export const RESOURCE_KINDS: { readonly [K in Kind]: KindDefinition } = {
  VMInstance: {
    ...shared,
    kind: 'VMInstance',
    plural: 'vminstances',
    shortNames: ['vminst'],
    schema: schemaOf('VMInstance', 'A virtual machine: its size, its disks, how it is reached.'),
    columns: [
      nameColumn,
      column('Status', (object) => vmOf(object).status.phase),
      column('Type', (object) => vmOf(object).status.instanceType.name),
      column('IP', (object) => addressOf(vmOf(object).status)),
      column('Ready', (object) => readyOf(vmOf(object).status)?.status ?? 'Unknown'),
      ageColumn,
      column('Profile', (object) => vmOf(object).spec.instanceProfile, WIDE),
      column('Disks', (object) => listed(vmOf(object).spec.disks.map(diskName)), WIDE),
      column('Message', (object) => machineMessage(vmOf(object).status), WIDE),
    ],
  },
  VMDisk: {
    ...shared,
    kind: 'VMDisk',
    plural: 'vmdisks',
    shortNames: ['vmd'],
    schema: schemaOf('VMDisk', 'A disk for virtual machines: its content, its size, where it is stored.'),
    columns: [
      nameColumn,
      column('Status', (object) => diskOf(object).status.phase),
      column('Progress', (object) => progressOf(diskOf(object).status)),
      column('Size', (object) => diskOf(object).spec.storage),
      column('Class', (object) => diskOf(object).spec.storageClass),
      column('Attached', (object) => listed(diskOf(object).status.attachedTo)),
      ageColumn,
      column('Source', (object) => sourceOf(diskOf(object).spec), WIDE),
      column('Message', (object) => messageOf(diskOf(object).status), WIDE),
    ],
  },
};
