/**
 * Every manifest that the worker can produce, as a rehearsal on the server: its schema with strict field validation, and with
 * the real controllers KubeVirt's and CDI's admission. What is produced follows from closed lists, so it is produced in whole.
 */
import { renderDataVolume, renderInstancetype, renderNamespace, vmManifests } from '@compute/cluster';
import {
  builtinCatalogue,
  DISK_BUSES,
  type VmDisk,
  type VmDiskSpec,
  type VmInstance,
  type VmInstanceSpec,
} from '@compute/domain';
import { type KubeClient, KubeError, type KubeObject } from '@compute/kube-client';
import { describe, expect, it } from 'vitest';
import type { Stage } from './stage.ts';

const NAMESPACE = 'default';
const CREATED_AT = new Date('2026-11-22T12:00:00Z');
const SSH_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUm conformance';
const PLURALS: Readonly<Record<string, string>> = {
  DataVolume: 'datavolumes',
  Namespace: 'namespaces',
  Secret: 'secrets',
  Service: 'services',
  VirtualMachine: 'virtualmachines',
  VirtualMachineClusterInstancetype: 'virtualmachineclusterinstancetypes',
};

export function manifestCases(stage: () => Stage): void {
  describe('the manifests', () => {
    it.each([
      ['of every source, class and kind of disk', disks],
      [
        'of every type of machine',
        () => machines(builtinCatalogue.instanceTypes.map(({ name }) => ({ instanceType: name }))),
      ],
      [
        'of every profile',
        () =>
          machines(
            builtinCatalogue.profiles.map(({ name }) => ({ instanceProfile: name, instanceType: 'u1.2xlarge' })),
          ),
      ],
      ['of every way to expose, power and size a machine', () => machines(variants())],
      ['of every bus of disks and CD-ROMs', () => machines(withDisks())],
      [
        'of namespaces and of the catalogue',
        () => [
          renderNamespace('project-new', 'new'),
          ...builtinCatalogue.instanceTypes.map((type) => renamed(renderInstancetype(type))),
        ],
      ],
    ])('%s pass schema and admission', async (_, produce) => {
      const refusals: string[] = [];
      for (const object of produce()) {
        const refusal = await rehearse(stage().admin, object);
        if (refusal !== undefined) refusals.push(`${object.kind}/${object.metadata.name}: ${refusal}`);
      }
      expect(refusals).toEqual([]);
    });

    it('would be refused with a field that nobody knows', async () => {
      const [machine] = machines([{}]);
      const wrong = { ...machine, spec: { ...(machine as unknown as { spec: object }).spec, unheard: true } };
      expect(await rehearse(stage().admin, wrong as unknown as KubeObject)).toContain('unheard');
    });
  });
}

/** What the server says against the object; undefined when it would take it. */
async function rehearse(client: KubeClient, object: KubeObject): Promise<string | undefined> {
  const { apiVersion, kind = '', metadata } = object;
  const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  const place = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  const path = `${root}${place}/${PLURALS[kind]}?dryRun=All&fieldValidation=Strict`;
  try {
    await client.raw('POST', path, object);
    return undefined;
  } catch (error) {
    if (error instanceof KubeError) return error.message;
    throw error;
  }
}

function disks(): KubeObject[] {
  const sources: VmDiskSpec['source'][] = [
    {},
    { http: { url: 'https://images.invalid/disk.qcow2' } },
    { disk: { name: 'origin' } },
    ...builtinCatalogue.images.map(({ name }) => ({ image: { name } })),
  ];
  const classes = builtinCatalogue.storageClasses.map(({ name }) => name);
  const specs = sources.flatMap((source) =>
    classes.flatMap((storageClass) => [true, false].map((optical) => ({ source, storageClass, optical }))),
  );
  return specs.map((spec, index) =>
    renderDataVolume({ disk: diskRow(`disk-${index}`, spec), namespace: NAMESPACE, catalogue: builtinCatalogue }),
  );
}

function machines(specs: readonly Partial<VmInstanceSpec>[]): KubeObject[] {
  return specs.flatMap((spec, index) => {
    const named = (spec.disks ?? []).map((entry) => (typeof entry === 'string' ? entry : entry.name));
    const rows = named.map((name) => diskRow(name, { optical: name.startsWith('cdrom') }));
    const target = { vm: machineRow(`machine-${index}`, spec), namespace: NAMESPACE, disks: rows };
    const { virtualMachine, service, cloudInitSecret, sshKeysSecret } = vmManifests(target, {
      hashKeys: [Buffer.alloc(32, 1)],
      present: undefined,
    });
    return [virtualMachine, service, cloudInitSecret, sshKeysSecret].filter((object) => object !== undefined);
  });
}

function variants(): Partial<VmInstanceSpec>[] {
  const exposures: Partial<VmInstanceSpec>[] = [
    { external: false },
    { external: true, externalMethod: 'PortList', externalPorts: [22, 65535] },
    { external: true, externalMethod: 'PortList', externalPorts: [] },
    { external: true, externalMethod: 'WholeIP', externalPorts: [] },
  ];
  const powers: Partial<VmInstanceSpec>[] = [
    { running: true },
    { running: false },
    ...(['Always', 'Halted', 'Manual', 'RerunOnFailure', 'Once'] as const).map((runStrategy) => ({ runStrategy })),
  ];
  const guests: Partial<VmInstanceSpec>[] = [
    { cloudInit: '#cloud-config\npackages: [nginx]\n' },
    { sshKeys: [SSH_KEY] },
    { cloudInit: '#cloud-config\n', sshKeys: [SSH_KEY, SSH_KEY], cloudInitSeed: 'again' },
    { instanceType: '', resources: { cpu: '2', sockets: '2', memory: '4Gi' } },
    { instanceType: '', instanceProfile: '', resources: { cpu: '1', memory: '512Mi' } },
  ];
  return [...exposures, ...powers, ...guests];
}

function withDisks(): Partial<VmInstanceSpec>[] {
  return ['disk', 'cdrom'].flatMap((name) => [
    { disks: [name, 'second'] },
    ...DISK_BUSES.map((bus) => ({ disks: [{ name, bus }, 'second'] })),
  ]);
}

/** The catalogue is there already, and a rehearsal under its own name would be refused for that. */
function renamed<T extends KubeObject>(object: T): T {
  return { ...object, metadata: { ...object.metadata, name: `rehearsed.${object.metadata.name}` } };
}

function diskRow(name: string, spec: Partial<VmDiskSpec>): VmDisk {
  return {
    ...rowOf(name),
    kind: 'VMDisk',
    spec: { source: {}, optical: false, storage: '20Gi', storageClass: 'replicated', ...spec },
    phase: 'Pending',
    status: { conditions: [], observedGeneration: 0, attachedTo: [] },
  };
}

function machineRow(name: string, spec: Partial<VmInstanceSpec>): VmInstance {
  return {
    ...rowOf(name),
    kind: 'VMInstance',
    spec: {
      external: false,
      externalMethod: 'PortList',
      externalPorts: [],
      instanceType: 'u1.medium',
      instanceProfile: 'ubuntu',
      disks: [],
      sshKeys: [],
      cloudInit: '',
      cloudInitSeed: '',
      ...spec,
    },
    phase: 'Pending',
    status: {
      conditions: [],
      observedGeneration: 0,
      instanceType: { name: 'u1.medium', series: 'U', vcpu: 1, memoryMib: 4096 },
    },
  };
}

function rowOf(name: string) {
  return {
    uid: '11111111-1111-4111-8111-111111111111',
    project: 'demo',
    name,
    labels: {},
    annotations: {},
    generation: 1,
    specVersion: 1,
    statusVersion: 1,
    resourceVersion: '1',
    createdAt: CREATED_AT,
    phaseSince: CREATED_AT,
    claim: {},
  };
}
