/** Machines and volumes as somebody makes them with kubectl, and as Cozystack's charts render them. Test code only. */
import type { KubeObject } from '@compute/kube-client';
import { KINDS, type Loose, type OperatedStage } from './operated-stage.ts';

export const SSH_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH+3Vl0rWm1dZmZkUjQ5bXJ2b3JqZG5uN3hqZ2Z0bWJ5dXo admin';
export const USER_DATA = '#cloud-config\npackages: [nginx]\n';

const encoded = (text: string): string => Buffer.from(text).toString('base64');

export const helmLabels = (app: string, name: string) => ({
  'helm.sh/chart': `${app}-0.0.0`,
  'app.kubernetes.io/name': app,
  'app.kubernetes.io/instance': `${app}-${name}`,
  'app.kubernetes.io/managed-by': 'Helm',
});

/** Makes an empty volume, and waits until it holds its (empty) data. */
export async function makeVolume(stage: OperatedStage, namespace: string, disk: string): Promise<Loose> {
  const name = `vm-disk-${disk}`;
  await stage.create(KINDS.dataVolume, {
    ...{ apiVersion: 'cdi.kubevirt.io/v1beta1', kind: 'DataVolume' },
    metadata: {
      ...{ name, namespace, labels: { 'app.kubernetes.io/instance': name } },
      annotations: { 'cdi.kubevirt.io/storage.bind.immediate.requested': '' },
    },
    spec: {
      source: { blank: {} },
      storage: { resources: { requests: { storage: '5Gi' } }, storageClassName: 'replicated' },
    },
  } as KubeObject);
  return stage.object(KINDS.dataVolume, namespace, name, ({ status }) => status?.phase === 'Succeeded');
}

interface MachineParts {
  readonly disk: string;
  /** Of the template. */
  readonly more?: object;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Makes a machine that boots from a volume, and waits until it runs. */
export async function makeMachine(
  stage: OperatedStage,
  namespace: string,
  vm: string,
  { disk, more = {}, labels = {} }: MachineParts,
): Promise<Loose> {
  const name = `vm-instance-${vm}`;
  const secret = (suffix: string, data: Record<string, string>) =>
    stage.create(KINDS.secret, {
      ...{ apiVersion: 'v1', kind: 'Secret', type: 'Opaque' },
      metadata: { name: `${name}-${suffix}`, namespace, labels },
      data,
    } as KubeObject);
  await secret('ssh-keys', { key0: encoded(SSH_KEY) });
  await secret('cloud-init', { userdata: encoded(USER_DATA) });
  await stage.create(KINDS.virtualMachine, {
    ...{ apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine' },
    metadata: { name, namespace, labels },
    spec: {
      runStrategy: 'Always',
      instancetype: { kind: 'VirtualMachineClusterInstancetype', name: 'u1.medium' },
      preference: { kind: 'VirtualMachineClusterPreference', name: 'ubuntu' },
      template: {
        metadata: { labels, annotations: { 'kubevirt.io/allow-pod-bridge-network-live-migration': 'true' } },
        spec: { ...machineSpec(name, disk), ...more },
      },
    },
  } as KubeObject);
  return stage.object(KINDS.machine, namespace, name, ({ status }) => status?.phase === 'Running');
}

function machineSpec(name: string, disk: string) {
  const source = { secret: { secretName: `${name}-ssh-keys` } };
  return {
    domain: {
      devices: {
        disks: [
          { name: `disk-${disk}`, bootOrder: 1, disk: {} },
          { name: 'cloudinitdisk', disk: {} },
        ],
        interfaces: [{ name: 'default', bridge: {} }],
      },
    },
    networks: [{ name: 'default', pod: {} }],
    volumes: [
      { name: `disk-${disk}`, dataVolume: { name: `vm-disk-${disk}` } },
      { name: 'cloudinitdisk', cloudInitNoCloud: { secretRef: { name: `${name}-cloud-init` } } },
    ],
    accessCredentials: [{ sshPublicKey: { source, propagationMethod: { noCloud: {} } } }],
    terminationGracePeriodSeconds: 30,
  };
}

/** The Service that the charts render for every machine. */
export function placeholderService(namespace: string, vm: string): KubeObject {
  const labels = { ...helmLabels('vm-instance', vm), 'apps.cozystack.io/user-service': 'true' };
  const selector = { 'app.kubernetes.io/name': 'vm-instance', 'app.kubernetes.io/instance': `vm-instance-${vm}` };
  const ports = [{ name: 'port-65535', port: 65535, protocol: 'TCP' }];
  const metadata = { name: `vm-instance-${vm}`, namespace, labels };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { type: 'ClusterIP', clusterIP: 'None', selector, ports },
  } as KubeObject;
}
