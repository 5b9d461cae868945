/**
 * ResourceQuotas: adds up what each namespace uses, refuses writes that would exceed a quota, and keeps status.used of
 * the quotas up to date. Sums are kept as objects come and go, so a check does not depend on how many there are.
 * Scopes of quotas are not looked at.
 */
import type { KindDefinition } from '../protocol/kind.ts';
import { resourceKey } from '../protocol/kind.ts';
import type { Fields, KubeObject } from '../protocol/kube-object.ts';
import { equalJson, fieldsOf, readPath } from '../protocol/kube-object.ts';
import { formatQuantity, parseQuantity } from '../protocol/quantity.ts';
import { forbidden } from '../protocol/status-error.ts';
import type { Commit, MemoryStore } from './memory-store.ts';
import type { Amount, Usage } from './quota-usage.ts';
import { addAmounts, amountOf, unstatedCompute, usageOf } from './quota-usage.ts';
import { WorkQueue } from './work-queue.ts';

const controller = {
  user: { name: 'system:serviceaccount:kube-system:resourcequota-controller', groups: [] },
  dryRun: false,
  subresource: 'status',
};

function text({ value, binary }: Amount): string {
  return formatQuantity(value, binary ? 'binary' : 'decimal');
}

function pairs(amounts: [string, string][]): string {
  return amounts
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, amount]) => `${name}=${amount}`)
    .join(',');
}

export class QuotaKeeper {
  readonly #store: MemoryStore;
  readonly #used = new Map<string, Usage>();
  readonly #queue: WorkQueue;

  constructor(store: MemoryStore) {
    this.#store = store;
    this.#queue = new WorkQueue((namespace) => this.#updateStatus(namespace));
    store.onCommit((commit) => this.#observe(commit));
  }

  /** Counts an object that was loaded. */
  learn(kind: KindDefinition, object: KubeObject): void {
    this.#count(kind, object, 1);
  }

  close(): void {
    this.#queue.close();
  }

  #observe({ kind, event }: Commit): void {
    const { namespace } = event.version.object.metadata;
    if (namespace === undefined) return;
    if (event.previous !== undefined) this.#count(kind, event.previous.object, -1);
    if (event.type !== 'DELETED') this.#count(kind, event.version.object, 1);
    if (this.#quotas(namespace).length > 0) this.#queue.add(namespace);
  }

  #count(kind: KindDefinition, object: KubeObject, sign: 1 | -1): void {
    const { namespace } = object.metadata;
    if (namespace === undefined) return;
    let used = this.#used.get(namespace);
    if (used === undefined) {
      used = new Map();
      this.#used.set(namespace, used);
    }
    for (const [name, { value, binary }] of usageOf(resourceKey(kind), object)) {
      used.set(name, addAmounts(used.get(name), { value: sign * value, binary }));
    }
  }

  #quotas(namespace: string): KubeObject[] {
    return this.#store.list('resourcequotas', namespace);
  }

  /** Refuses a write (403) that would take a namespace over one of its quotas. */
  check(kind: KindDefinition, object: KubeObject, previous: KubeObject | undefined): void {
    const { namespace = '', name } = object.metadata;
    const quotas = this.#quotas(namespace);
    if (quotas.length === 0) return;
    const resource = resourceKey(kind);
    const delta = this.#delta(resource, object, previous);
    for (const quota of quotas) {
      const hard = fieldsOf(readPath(quota, 'spec.hard'));
      if (resource === 'pods' && previous === undefined) this.#requireCompute(kind, object, quota, Object.keys(hard));
      const exceeded = this.#exceeded(namespace, hard, delta);
      if (exceeded.length > 0) throw forbidden(kind, name, this.#refusal(quota, namespace, hard, delta, exceeded));
    }
  }

  #delta(resource: string, object: KubeObject, previous: KubeObject | undefined): Usage {
    const delta = usageOf(resource, object);
    if (previous === undefined) return delta;
    const before = usageOf(resource, previous);
    return new Map(
      [...delta].map(([name, { value, binary }]) => [name, { value: value - (before.get(name)?.value ?? 0), binary }]),
    );
  }

  #requireCompute(kind: KindDefinition, pod: KubeObject, quota: KubeObject, limited: string[]): void {
    const missing = unstatedCompute(pod, limited);
    if (missing.length === 0) return;
    const names = [...new Set(missing.flatMap((each) => each.names))].sort();
    const parts = names.map((name) => {
      const containers = missing.filter((each) => each.names.includes(name)).map(({ container }) => container);
      return `${name} for: ${containers.join(',')}`;
    });
    const why = `failed quota: ${quota.metadata.name}: must specify ${parts.join('; ')}`;
    throw forbidden(kind, pod.metadata.name, why);
  }

  #exceeded(namespace: string, hard: Fields, delta: Usage): string[] {
    const used = this.#used.get(namespace);
    return Object.keys(hard).filter((name) => {
      const asked = delta.get(name)?.value ?? 0;
      return asked > 0 && (used?.get(name)?.value ?? 0) + asked > (parseQuantity(hard[name]) ?? 0);
    });
  }

  #refusal(quota: KubeObject, namespace: string, hard: Fields, delta: Usage, exceeded: string[]): string {
    const used = this.#used.get(namespace);
    const zero = { value: 0, binary: false };
    const requested = pairs(exceeded.map((name) => [name, text(delta.get(name) ?? zero)]));
    const present = pairs(exceeded.map((name) => [name, text(used?.get(name) ?? zero)]));
    const limited = pairs(exceeded.map((name) => [name, text(amountOf(hard[name]))]));
    return `exceeded quota: ${quota.metadata.name}, requested: ${requested}, used: ${present}, limited: ${limited}`;
  }

  #updateStatus(namespace: string): void {
    const kind = this.#store.kinds.byKey('resourcequotas');
    if (kind === undefined) return;
    const used = this.#used.get(namespace);
    for (const quota of this.#quotas(namespace)) {
      const hard = fieldsOf(readPath(quota, 'spec.hard'));
      const amounts = Object.keys(hard).map((name) => [name, text(used?.get(name) ?? { value: 0, binary: false })]);
      const status = { hard, used: Object.fromEntries(amounts) };
      if (equalJson(quota.status, status)) continue;
      const key = { namespace, name: quota.metadata.name };
      this.#store.writer(kind).update(key, ({ object }) => ({ ...object, status }), controller);
    }
  }
}
