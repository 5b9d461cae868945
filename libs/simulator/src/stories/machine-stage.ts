// For tests: a whole simulated cluster at many times the speed of a real one, and a record of everything that machines ever showed.
import { type KubeClient, type KubeObject, type ResourceKind, resourceKind } from '@compute/kube-client';
import { namespaces, type Pod, pods } from '../kinds.ts';
import { conditionOf } from '../kubevirt/conditions.ts';
import { virtualMachineInstances, virtualMachines } from '../kubevirt/kinds.ts';
import type { Condition, VirtualMachine, VirtualMachineInstance, VmSpec } from '../kubevirt/objects.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../simulator.ts';

export const resourceQuotas = resourceKind({
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  namespaced: true,
});

const SUBRESOURCES = { group: 'subresources.kubevirt.io', version: 'v1' } as const;

export class MachineStage {
  readonly simulator: Simulator;
  readonly namespace = 'stories';
  readonly errors: unknown[];
  readonly #vms = new Map<string, VirtualMachine[]>();
  readonly #vmis = new Map<string, VirtualMachineInstance | undefined>();
  readonly #pods = new Map<string, Pod>();
  readonly #watching = new AbortController();
  readonly #waiters = new Set<() => void>();

  private constructor(simulator: Simulator, errors: unknown[]) {
    this.simulator = simulator;
    this.errors = errors;
  }

  static async open(options: SimulatorOptions = {}): Promise<MachineStage> {
    const errors: unknown[] = [];
    const onError = (error: unknown): void => void errors.push(error);
    const stage = new MachineStage(await startSimulator({ timeScale: 40, ...options, onError }), errors);
    await stage.#begin();
    return stage;
  }

  get client(): KubeClient {
    return this.simulator.client;
  }

  async #begin(): Promise<void> {
    const metadata = { name: this.namespace };
    const existing = await this.client.get(namespaces, metadata);
    if (existing === undefined) await this.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata });
    await this.#follow(virtualMachines, (type, vm) => {
      const versions = this.#vms.get(vm.metadata.name) ?? [];
      if (type !== 'DELETED') versions.push(vm);
      this.#vms.set(vm.metadata.name, type === 'DELETED' ? [...versions, gone(vm)] : versions);
    });
    await this.#follow(virtualMachineInstances, (type, vmi) => {
      this.#vmis.set(vmi.metadata.name, type === 'DELETED' ? undefined : vmi);
    });
    await this.#follow(pods, (type, pod) => {
      if (type === 'DELETED') this.#pods.delete(pod.metadata.name);
      else this.#pods.set(pod.metadata.name, pod);
    });
  }

  /** Misses nothing from now on. */
  async #follow<T extends KubeObject>(kind: ResourceKind<T>, see: (type: string, object: T) => void): Promise<void> {
    const { namespace } = this;
    const { resourceVersion } = await this.client.list(kind, { namespace });
    const options = { namespace, resourceVersion };
    const watch = this.client.watch(
      kind,
      options,
      ({ type, object }) => {
        see(type, object);
        for (const wake of this.#waiters) wake();
      },
      this.#watching.signal,
    );
    watch.catch(() => undefined);
  }

  async close(): Promise<void> {
    this.#watching.abort(new Error('the story is over'));
    await this.simulator.close();
  }

  /** Waits until something holds; it is asked again after every change of a VM, VMI or pod. */
  async until<T>(what: string, holds: () => T): Promise<NonNullable<T>> {
    const first = holds();
    if (first) return first as NonNullable<T>;
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        this.#waiters.delete(ask);
        settle();
      };
      const ask = (): void => {
        const value = holds();
        if (value) finish(() => resolve(value as NonNullable<T>));
      };
      const timer = setTimeout(() => finish(() => reject(new Error(`waited too long until ${what}`))), 20_000);
      this.#waiters.add(ask);
    });
  }

  /** Creates a VM with one container disk, unless the spec says otherwise. */
  async createVm(name: string, spec: Partial<VmSpec> = {}): Promise<VirtualMachine> {
    return this.client.create(virtualMachines, {
      apiVersion: 'kubevirt.io/v1',
      kind: 'VirtualMachine',
      metadata: { name, namespace: this.namespace },
      spec: { runStrategy: 'Always', template: machineTemplate(), ...spec },
    });
  }

  patchVm(name: string, patch: Record<string, unknown>): Promise<VirtualMachine> {
    return this.client.mergePatch(virtualMachines, this.ref(name), patch);
  }

  /** A subresource of KubeVirt: start, stop, restart of a VM, everything else of its VMI. */
  async call(name: string, subresource: string, body: object = {}): Promise<void> {
    const plural = ['start', 'stop', 'restart'].includes(subresource) ? 'virtualmachines' : 'virtualmachineinstances';
    await this.client.subresource('PUT', { ...SUBRESOURCES, plural, ...this.ref(name), subresource }, body);
  }

  ref(name: string): { namespace: string; name: string } {
    return { namespace: this.namespace, name };
  }

  vm(name: string): VirtualMachine | undefined {
    return this.#vms.get(name)?.at(-1);
  }

  vmi(name: string): VirtualMachineInstance | undefined {
    return this.#vmis.get(name);
  }

  launcher(name: string): Pod | undefined {
    return [...this.#pods.values()].findLast(
      ({ metadata }) => metadata.labels?.['vm.kubevirt.io/name'] === name && metadata.deletionTimestamp === undefined,
    );
  }

  condition(name: string, type: string): Condition | undefined {
    return conditionOf(this.vm(name)?.status?.conditions, type);
  }

  /** Waits for a printable status. */
  async shows(name: string, status: string): Promise<VirtualMachine> {
    return this.until(`${name} is ${status}`, () => {
      const vm = this.vm(name);
      return vm?.status?.printableStatus === status && !isGone(vm) ? vm : undefined;
    });
  }

  async isGone(name: string): Promise<void> {
    await this.until(`${name} is gone`, () => {
      const vm = this.vm(name);
      return vm !== undefined && isGone(vm);
    });
  }

  /** Every printable status since the last call, in order, without repetitions. */
  story(name: string): string[] {
    const versions = this.#vms.get(name) ?? [];
    const shown = versions.map((vm) => (isGone(vm) ? 'gone' : (vm.status?.printableStatus ?? '-')));
    this.#vms.set(name, versions.slice(-1));
    return shown.filter((status, index) => status !== shown[index - 1]);
  }
}

/** A template of one vCPU and 1 GiB whose only disk needs no storage. */
export function machineTemplate(
  volumes: VmSpec['template']['spec']['volumes'] = [
    { name: 'root', containerDisk: { image: 'example.invalid/disk:1' } },
  ],
): VmSpec['template'] {
  return {
    spec: {
      domain: {
        cpu: { cores: 1 },
        memory: { guest: '1Gi' },
        devices: {
          disks: volumes.map(({ name }) => ({ name, disk: { bus: 'virtio' } })),
          interfaces: [{ name: 'default', masquerade: {} }],
        },
      },
      networks: [{ name: 'default', pod: {} }],
      volumes,
    },
  };
}

const GONE = 'stories/gone';

function gone(vm: VirtualMachine): VirtualMachine {
  return { ...vm, metadata: { ...vm.metadata, annotations: { [GONE]: 'true' } } };
}

function isGone(vm: VirtualMachine): boolean {
  return vm.metadata.annotations?.[GONE] === 'true';
}
