/**
 * Orders to guests that come from outside of the cluster: crash, power off, ignore the shutdown, never show an agent.
 *
 * A rule holds for all guests that it matches until it is removed, except an end, which each guest obeys once.
 */
import type { VirtualMachineInstance } from './objects.ts';

export interface GuestRule {
  /** Empty or absent: every namespace. */
  namespace?: string;
  /** Name of the VM; absent: every VM. */
  name?: string;
  /** The guest crashes (Failed) or powers itself off (Succeeded), once. */
  ends?: 'Failed' | 'Succeeded';
  /** The guest does not react to the power button and is killed when its grace period is over. */
  ignoresShutdown?: boolean;
  /** False: the guest has no agent. */
  agent?: boolean;
  /** Cluster milliseconds that booting takes. */
  bootMs?: number;
}

export class GuestSwitches {
  readonly #rules = new Map<string, GuestRule>();
  readonly #obeyed = new Map<string, Set<string>>();
  readonly #listeners = new Set<() => void>();
  #lastId = 0;

  /** Adds a rule and returns the id that removes it. */
  add(rule: GuestRule): string {
    this.#lastId += 1;
    const id = `guest-${this.#lastId}`;
    this.#rules.set(id, rule);
    for (const listener of this.#listeners) listener();
    return id;
  }

  remove(id: string): boolean {
    this.#obeyed.delete(id);
    return this.#rules.delete(id);
  }

  clear(): void {
    this.#rules.clear();
    this.#obeyed.clear();
  }

  all(): (GuestRule & { id: string })[] {
    return [...this.#rules].map(([id, rule]) => ({ id, ...rule }));
  }

  /** All rules for this guest as one; later rules win. An end that the guest has obeyed does not count any more. */
  ruleFor(vmi: VirtualMachineInstance): GuestRule {
    let merged: GuestRule = {};
    for (const [id, rule] of this.#matching(vmi)) {
      const { ends, ...rest } = rule;
      const obeyed = this.#obeyed.get(id)?.has(machineOf(vmi)) === true;
      merged = { ...merged, ...rest, ...(ends === undefined || obeyed ? {} : { ends }) };
    }
    return merged;
  }

  /** The guest has ended as it was told. */
  consumeEnd(vmi: VirtualMachineInstance): void {
    for (const [id, rule] of this.#matching(vmi)) {
      if (rule.ends === undefined) continue;
      this.#obeyed.set(id, (this.#obeyed.get(id) ?? new Set()).add(machineOf(vmi)));
      if (rule.name !== undefined) this.remove(id);
    }
  }

  /** Calls back after each new rule; returns what removes the listener. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #matching(vmi: VirtualMachineInstance): [string, GuestRule][] {
    const { namespace, name } = vmi.metadata;
    return [...this.#rules].filter(
      ([, rule]) =>
        (rule.namespace === undefined || rule.namespace === '' || rule.namespace === namespace) &&
        (rule.name === undefined || rule.name === name),
    );
  }
}

function machineOf(vmi: VirtualMachineInstance): string {
  return `${vmi.metadata.namespace ?? ''}/${vmi.metadata.name}`;
}
