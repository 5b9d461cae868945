/**
 * Where a case plays: one combination's cluster, and the whole product beside it as a person starts it, driven over REST.
 * The worker has the account and the role of a deployment wherever the server knows roles.
 */
import { randomUUID } from 'node:crypto';
import { KubeClient, type KubeObject, resourceKind } from '@compute/kube-client';
import { expect } from 'vitest';
import { allIn, type Manifest, RestClient, type WatchEvent } from '../../stories/rest-client.ts';
import { RunningStack } from '../../stories/running-stack.ts';
import { type Combination, combinationOf } from '../combination/combination.ts';
import { type OpenCluster, openCluster } from '../combination/open-cluster.ts';
import { soon } from './soon.ts';

const API_VERSION = 'apps.cozystack.io/v1alpha1';
const MERGE = { 'content-type': 'application/merge-patch+json' };

const namespaced = (group: string, version: string, kind: string, plural: string) =>
  resourceKind({ group, version, kind, plural, namespaced: true });

/** What a project's rows become, and what follows from that. */
const FOLLOWED = [
  namespaced('kubevirt.io', 'v1', 'VirtualMachine', 'virtualmachines'),
  namespaced('kubevirt.io', 'v1', 'VirtualMachineInstance', 'virtualmachineinstances'),
  namespaced('cdi.kubevirt.io', 'v1beta1', 'DataVolume', 'datavolumes'),
  namespaced('', 'v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'),
  namespaced('', 'v1', 'Pod', 'pods'),
  namespaced('', 'v1', 'Service', 'services'),
  namespaced('', 'v1', 'Secret', 'secrets'),
];

/** The combination that this run is for, `ours/ours` when nothing else is asked. */
export function chosenCombination(): Combination {
  return combinationOf(process.env.CLUSTER_COMBINATION ?? 'ours/ours');
}

export class Stage {
  readonly cluster: OpenCluster;
  readonly stack: RunningStack;
  readonly rest: RestClient;

  private constructor(cluster: OpenCluster, stack: RunningStack) {
    this.cluster = cluster;
    this.stack = stack;
    this.rest = new RestClient(() => stack.facts);
  }

  static async open(): Promise<Stage> {
    const cluster = await openCluster(chosenCombination(), process.env.CLUSTER_PIECES);
    try {
      return new Stage(cluster, await RunningStack.start({ KUBECONFIG: cluster.kubeconfig }));
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.stack.stop();
    await this.cluster.close();
  }

  get admin(): KubeClient {
    return this.cluster.admin;
  }

  /** An image that is there. `bytesPerSecond` slows its download down. */
  image(bytesPerSecond?: number): string {
    const url = new URL('ubuntu.qcow2', this.stack.facts.images);
    if (bytesPerSecond !== undefined) url.searchParams.set('bytesPerSecond', String(bytesPerSecond));
    return url.href;
  }

  /** A name that no other case has. */
  name(stem: string): string {
    return `${stem}-${randomUUID().slice(0, 6)}`;
  }

  async disk(name: string, spec: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#apply('VMDisk', name, { storage: '5Gi', ...spec });
  }

  async machine(name: string, spec: Readonly<Record<string, unknown>> = {}): Promise<void> {
    await this.#apply('VMInstance', name, { instanceType: 's1.small', instanceProfile: 'ubuntu', ...spec });
  }

  async editDisk(name: string, spec: Readonly<Record<string, unknown>>): Promise<void> {
    await this.rest.json(`vm-disks/${name}`, { method: 'PATCH', headers: MERGE, body: JSON.stringify({ spec }) });
  }

  async editMachine(name: string, spec: Readonly<Record<string, unknown>>): Promise<void> {
    await this.rest.json(`vm-instances/${name}`, { method: 'PATCH', headers: MERGE, body: JSON.stringify({ spec }) });
  }

  /** Asks for an action: start, stop, restart, pause, unpause. */
  async act(name: string, verb: string, options: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(options) };
    await this.rest.json(`vm-instances/${name}:${verb}`, init);
  }

  /** Resolves with all events of the project's watch until every named resource is in its phase. */
  phases(wanted: Readonly<Record<string, string>>): Promise<WatchEvent[]> {
    return this.rest.watchUntil(allIn(wanted));
  }

  /** Waits until the resource of that name is as `isSo` says. */
  async until(name: string, isSo: (manifest: Manifest) => boolean): Promise<Manifest> {
    const events = await this.rest.watchUntil(
      ({ type, object }) => type !== 'DELETED' && object?.metadata.name === name && isSo(object),
    );
    return events.at(-1)?.object as Manifest;
  }

  async deleteDisk(name: string): Promise<void> {
    await this.#delete(`vm-disks/${name}`, [name]);
  }

  async deleteMachine(name: string): Promise<void> {
    await this.#delete(`vm-instances/${name}`, [name]);
  }

  /** The namespace of the stack's project. */
  async namespace(): Promise<string> {
    const { project } = this.stack.facts;
    return (await this.rest.json<{ namespace: string }>(`/v1/projects/${project}`)).namespace;
  }

  /** What the cluster holds of the named resources, as `Kind/name`. */
  async objectsOf(...names: readonly string[]): Promise<string[]> {
    const namespace = await this.namespace();
    const lists = await Promise.all(FOLLOWED.map((kind) => this.admin.list(kind, { namespace })));
    const found = lists.flatMap(({ items }, index) => items.map((item) => describe(FOLLOWED[index]?.kind, item)));
    return found.filter((text) => names.some((name) => text.includes(name))).sort();
  }

  /**
   * Waits until the cluster holds nothing of the named resources. A controller that has not seen a deletion yet may make
   * something for an owner that is gone; the garbage collector takes it a moment later.
   */
  async leavesNothing(...names: readonly string[]): Promise<void> {
    await soon(async () => expect(await this.objectsOf(...names)).toEqual([]));
  }

  async #apply(kind: string, name: string, spec: Readonly<Record<string, unknown>>): Promise<void> {
    await this.rest.apply(JSON.stringify({ apiVersion: API_VERSION, kind, metadata: { name }, spec }));
  }

  async #delete(path: string, names: readonly string[]): Promise<void> {
    const before = await this.rest.json<Manifest>(path);
    const gone = this.rest.watchUntil(
      ({ type, object }) => type === 'DELETED' && names.includes(object?.metadata.name ?? ''),
      before.metadata.resourceVersion,
    );
    await this.rest.json(path, { method: 'DELETE' });
    await gone;
  }
}

function describe(kind: string | undefined, { metadata }: KubeObject): string {
  return `${kind}/${metadata.name}`;
}
