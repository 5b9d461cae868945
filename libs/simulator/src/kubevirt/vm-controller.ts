/**
 * virt-controller's half that looks after VirtualMachines.
 *
 * One pass: do what the run strategy asks for, then write the whole status computed from what is there. While something that was
 * created or deleted is not yet seen, a pass only writes status: acting on stale copies starts a machine twice.
 */
import { Controller } from '../controller.ts';
import { EventRecorder } from '../event-recorder.ts';
import type { ControllerContext } from './controller-context.ts';
import { SyncError, withoutRefusals } from './controller-context.ts';
import { declaredVolumes } from './declarative-volumes.ts';
import { Expectations } from './expectations.ts';
import type { HotplugMode } from './hotplug-mode.ts';
import { InstancetypeStore } from './instancetype-store.ts';
import { virtualMachineInstances, virtualMachines } from './kinds.ts';
import type { KubeVirtCache } from './kubevirt-cache.ts';
import type { VirtualMachine, VirtualMachineInstance, VmiSpec, VmSpec, VmStatus } from './objects.ts';
import { controllerOf, GENERATION_ANNOTATION, isFinal, runStrategyOf, VM_FINALIZER } from './objects.ts';
import { isRestartRequired } from './restart-required.ts';
import { decideRun } from './run-strategy.ts';
import { sameJson } from './same-json.ts';
import { VmPower } from './vm-power.ts';
import { VmRevisions } from './vm-revisions.ts';
import type { SyncFailure } from './vm-status.ts';
import { nextVmStatus } from './vm-status.ts';
import { expandedSpec } from './vmi-from-vm.ts';

const OBSERVED_ANNOTATION = 'kubevirt.io/latest-observed-api-version';

/** What a pass left behind. `gone`: the VM's last finalizer went, there is nothing to write a status to. */
interface Pass {
  vm: VirtualMachine;
  vmi: VirtualMachineInstance | undefined;
  failure?: SyncFailure;
  restartRequired?: boolean;
  gone?: boolean;
  /** Look again by itself, in cluster time. */
  again?: { afterMs: number };
}

export class VmController {
  readonly #context: ControllerContext;
  readonly #cache: KubeVirtCache;
  readonly #controller: Controller;
  readonly #expectations = new Expectations();
  readonly #types: InstancetypeStore;
  readonly #revisions: VmRevisions;
  readonly #power: VmPower;
  readonly #hotplug: HotplugMode;

  constructor(context: ControllerContext, cache: KubeVirtCache, hotplug: HotplugMode) {
    this.#context = context;
    this.#hotplug = hotplug;
    this.#cache = cache;
    this.#types = new InstancetypeStore(context.client);
    this.#revisions = new VmRevisions(context.client);
    const recorder = new EventRecorder(context.client, 'virtualmachine-controller', context.onError);
    const { types, revisions } = { types: this.#types, revisions: this.#revisions };
    this.#power = new VmPower({ context, cache, expectations: this.#expectations, recorder, types, revisions });
    this.#controller = new Controller({
      name: 'virtual machine',
      clock: context.clock,
      reconcile: (key) => this.#process(key),
      onError: withoutRefusals(context.onError),
    });
  }

  /** Begins to work. */
  start(): void {
    const { vms, vmis, dataVolumes, claims } = this.#cache;
    this.#controller
      .watch(vms, ({ key }) => [key])
      .watch(vmis, ({ key, type, object }) => {
        this.#expectations.observe(key, type === 'deleted' ? undefined : object);
        return [key];
      })
      .watch(dataVolumes, ({ object }) => this.#cache.usersOf(object).vms)
      .watch(claims, ({ object }) => this.#cache.usersOf(object).vms);
  }

  async stop(): Promise<void> {
    await this.#controller.stop();
  }

  async #process(key: string): Promise<{ afterMs: number } | undefined> {
    const vm = this.#cache.vms.getByKey(key);
    if (vm === undefined) this.#expectations.forget(key);
    else if (vm.metadata.annotations?.[OBSERVED_ANNOTATION] === undefined) await this.#introduce(vm);
    else return this.#pass(key, vm);
    return undefined;
  }

  async #pass(key: string, vm: VirtualMachine): Promise<{ afterMs: number } | undefined> {
    const pass = await this.#sync(key, vm);
    if (pass.gone === true) {
      this.#revisions.forget(vm);
      return undefined;
    }
    await this.#writeStatus(key, pass);
    if (pass.vmi !== undefined && isFinal(pass.vmi)) await this.#releaseVmi(pass.vmi);
    if (pass.failure !== undefined) throw new SyncError(pass.failure.reason, pass.failure.message);
    return pass.again;
  }

  /** The first touch of a VM: the annotations every VM has, and the status Stopped that everybody sees for a moment. */
  async #introduce(vm: VirtualMachine): Promise<void> {
    const { client } = this.#context;
    const { namespace = '', name } = vm.metadata;
    const annotations = { [OBSERVED_ANNOTATION]: 'v1', 'kubevirt.io/storage-observed-api-version': 'v1' };
    await client.mergePatch(virtualMachines, { namespace, name }, { metadata: { annotations } });
    if (vm.status?.printableStatus !== undefined) return;
    const status = { printableStatus: 'Stopped' };
    await client.mergePatch(virtualMachines, { namespace, name }, { status }, { subresource: 'status' });
  }

  async #sync(key: string, vm: VirtualMachine): Promise<Pass> {
    const vmi = this.#vmiOf(vm);
    if (!this.#expectations.areMet(key)) return { vm, vmi };
    if (vm.metadata.deletionTimestamp !== undefined) return this.#syncDeletion(vm, vmi);
    const pass: Pass = { vm, vmi };
    try {
      await this.#syncLiving(pass);
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      pass.failure = { reason: error.reason, message: error.message };
    }
    return pass;
  }

  /** Does what a VM that is not being deleted needs; `pass.vm` follows every write, so that the status is based on the newest. */
  async #syncLiving(pass: Pass): Promise<void> {
    pass.vm = await this.#withFinalizer(pass.vm);
    pass.vm = await this.#frozen(pass.vm);
    const { vmi } = pass;
    if (vmi !== undefined) await this.#bumpGeneration(pass.vm, vmi);
    const templatesReady = await this.#power.prepareDataVolumes(pass.vm);
    if (!templatesReady && runStrategyOf(pass.vm.spec) !== 'Halted') return;
    await this.#run(pass);
    if (vmi === undefined) return;
    await this.#compare(pass, vmi);
    if (this.#hotplug === 'DeclarativeHotplugVolumes') await this.#plug(pass.vm, vmi);
  }

  async #syncDeletion(vm: VirtualMachine, vmi: VirtualMachineInstance | undefined): Promise<Pass> {
    if (vmi !== undefined) {
      await this.#power.stop(vm, vmi);
      return { vm, vmi };
    }
    await this.#patchFinalizers(
      vm,
      (vm.metadata.finalizers ?? []).filter((name) => name !== VM_FINALIZER),
    );
    return { vm, vmi, gone: true };
  }

  async #run(pass: Pass): Promise<void> {
    const { vm, vmi } = pass;
    const decision = decideRun(vm, vmi, Date.now());
    switch (decision.kind) {
      case 'none':
        return;
      case 'wait':
        pass.again = { afterMs: decision.delayMs * this.#context.clock.scale };
        return;
      case 'start':
        await this.#power.start(vm);
        pass.restartRequired = false;
        return;
      case 'stop':
        if (vmi !== undefined) await this.#power.stop(vm, vmi);
        if (decision.requestStart) pass.vm = await this.#requestStart(vm);
        return;
      case 'set-always':
        pass.vm = await this.#setAlways(vm);
        return;
      case 'unknown-strategy':
        throw new SyncError('FailedCreate', `unknown runstrategy: ${decision.strategy}`);
    }
  }

  async #requestStart(vm: VirtualMachine): Promise<VirtualMachine> {
    const requests = [...(vm.status?.stateChangeRequests ?? []), { action: 'Start' }];
    return this.#context.client.mergePatch(
      virtualMachines,
      refOf(vm),
      { status: { stateChangeRequests: requests } },
      { subresource: 'status' },
    );
  }

  async #setAlways(vm: VirtualMachine): Promise<VirtualMachine> {
    const spec = vm.spec.runStrategy === undefined ? { running: true } : { runStrategy: 'Always' };
    return this.#context.client.mergePatch(virtualMachines, refOf(vm), { spec });
  }

  async #withFinalizer(vm: VirtualMachine): Promise<VirtualMachine> {
    const finalizers = vm.metadata.finalizers ?? [];
    return finalizers.includes(VM_FINALIZER) ? vm : this.#patchFinalizers(vm, [...finalizers, VM_FINALIZER]);
  }

  async #patchFinalizers(vm: VirtualMachine, finalizers: string[]): Promise<VirtualMachine> {
    const { resourceVersion } = vm.metadata;
    return this.#context.client.mergePatch(virtualMachines, refOf(vm), { metadata: { resourceVersion, finalizers } });
  }

  /** Makes sure that the instance type and the preference exist and are frozen; gives the VM with its new references. */
  async #frozen(vm: VirtualMachine): Promise<VirtualMachine> {
    await this.#types.resolve(vm);
    const refs = await this.#types.freeze(vm);
    if (refs === undefined) return vm;
    return this.#context.client.mergePatch(virtualMachines, refOf(vm), { status: refs }, { subresource: 'status' });
  }

  /** A change of the VM that leaves the template alone is carried by the running VMI at once. */
  async #bumpGeneration(vm: VirtualMachine, vmi: VirtualMachineInstance): Promise<void> {
    const generation = String(vm.metadata.generation ?? 1);
    if (vmi.metadata.annotations?.[GENERATION_ANNOTATION] === generation || isFinal(vmi)) return;
    const started = await this.#revisions.started(vmi);
    if (started === undefined || !sameJson(started.template, vm.spec.template)) return;
    const annotations = { [GENERATION_ANNOTATION]: generation };
    const { namespace = '', name } = vmi.metadata;
    await this.#context.client.mergePatch(virtualMachineInstances, { namespace, name }, { metadata: { annotations } });
  }

  /** Nothing but what is tested is overwritten: others write to the VMI too. */
  async #plug(vm: VirtualMachine, vmi: VirtualMachineInstance): Promise<void> {
    const wanted = declaredVolumes(vm, vmi);
    if (wanted === undefined) return;
    const { namespace = '', name, resourceVersion } = vmi.metadata;
    const spec = { volumes: wanted.volumes, domain: { devices: { disks: wanted.disks } } };
    const patch = { metadata: { resourceVersion }, spec };
    await this.#context.client.mergePatch(virtualMachineInstances, { namespace, name }, patch);
  }

  async #compare(pass: Pass, vmi: VirtualMachineInstance): Promise<void> {
    const started = await this.#revisions.started(vmi);
    if (started === undefined) return;
    const running = await this.#expanded(pass.vm, started);
    pass.restartRequired = isRestartRequired(running, await this.#expanded(pass.vm, pass.vm.spec));
  }

  async #expanded(vm: VirtualMachine, spec: VmSpec): Promise<VmiSpec> {
    const resolved = spec === vm.spec ? await this.#types.resolve(vm) : await this.#types.resolveStarted(vm, spec);
    return expandedSpec(spec.template.spec, resolved);
  }

  async #writeStatus(key: string, { vm, vmi, failure, restartRequired }: Pass): Promise<void> {
    const status: VmStatus = nextVmStatus({
      vm,
      vmi,
      startExpected: this.#expectations.isCreationExpected(key),
      stopExpected: this.#expectations.isDeletionExpected(key),
      failure,
      restartRequired,
      lookup: this.#cache.lookup(vm.metadata.namespace ?? ''),
      nowMs: Date.now(),
      timeScale: this.#context.clock.scale,
      random: this.#context.random,
    });
    if (sameJson(status, vm.status ?? {})) return;
    await this.#context.client.replace(virtualMachines, { ...vm, status }, { subresource: 'status' });
  }

  /** Lets a VMI go whose end is now recorded in the VM. */
  async #releaseVmi(vmi: VirtualMachineInstance): Promise<void> {
    const finalizers = vmi.metadata.finalizers ?? [];
    if (!finalizers.includes(VM_FINALIZER)) return;
    const { namespace = '', name, resourceVersion } = vmi.metadata;
    const rest = finalizers.filter((finalizer) => finalizer !== VM_FINALIZER);
    const patch = { metadata: { resourceVersion, finalizers: rest } };
    await this.#context.client.mergePatch(virtualMachineInstances, { namespace, name }, patch);
  }

  #vmiOf(vm: VirtualMachine): VirtualMachineInstance | undefined {
    const vmi = this.#cache.vmis.get(vm.metadata.namespace, vm.metadata.name);
    return vmi !== undefined && controllerOf(vmi.metadata)?.uid === vm.metadata.uid ? vmi : undefined;
  }
}

function refOf(vm: VirtualMachine): { namespace: string; name: string } {
  return { namespace: vm.metadata.namespace ?? '', name: vm.metadata.name };
}
