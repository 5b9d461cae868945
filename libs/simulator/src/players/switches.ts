// Faults of the infrastructure that can be switched on and off from outside: the players ask here before they act.
// Rules name things by what a user calls them: a rule for disk `data` also meets its hidden prime claim and its importer pod.

/** What a rule applies to; both are patterns with `*`, and what is left out matches everything. */
export interface SwitchRule {
  namespace?: string;
  name?: string;
}

export interface PlayerSwitchState {
  /** Pods that no node takes. */
  unschedulable: (SwitchRule & { message?: string })[];
  /** Pods whose images cannot be pulled. */
  imagePullFailures: SwitchRule[];
  /** Pods whose first container is killed for want of memory shortly after each start. */
  outOfMemory: SwitchRule[];
  /** Claims that the storage refuses to provision. */
  provisioningFailures: (SwitchRule & { message?: string })[];
  /** Claims that take this much longer, in cluster milliseconds. */
  slowProvisioning: (SwitchRule & { delayMs: number })[];
  /** Nodes of which nothing is heard any more. */
  lostNodes: string[];
  /** Limit of each import, in bytes per second of cluster time. */
  downloadBytesPerSecond?: number;
}

/** Something a rule may meet: its own name and the names of what it works for. */
export interface SwitchTarget {
  namespace: string;
  names: readonly string[];
}

const none: PlayerSwitchState = {
  unschedulable: [],
  imagePullFailures: [],
  outOfMemory: [],
  provisioningFailures: [],
  slowProvisioning: [],
  lostNodes: [],
};

export class PlayerSwitches {
  #state: PlayerSwitchState = none;
  readonly #listeners = new Set<() => void>();

  get state(): Readonly<PlayerSwitchState> {
    return this.#state;
  }

  /** Replaces the named switches and keeps the others. */
  update(changes: Partial<PlayerSwitchState>): void {
    this.#state = { ...this.#state, ...changes };
    for (const listener of this.#listeners) listener();
  }

  /** Switches everything off. */
  reset(): void {
    this.#state = none;
    for (const listener of this.#listeners) listener();
  }

  /** Calls back after every change; returns what removes the listener. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  isNodeLost(nodeName: string): boolean {
    return this.#state.lostNodes.includes(nodeName);
  }

  /** The first rule of a list that meets the target. */
  find<R extends SwitchRule>(rules: readonly R[], target: SwitchTarget): R | undefined {
    return rules.find((rule) => meets(rule, target));
  }
}

function meets(rule: SwitchRule, target: SwitchTarget): boolean {
  const inNamespace = rule.namespace === undefined || matchesPattern(rule.namespace, target.namespace);
  const { name } = rule;
  return inNamespace && (name === undefined || target.names.some((candidate) => matchesPattern(name, candidate)));
}

/** Whether a text matches a pattern in which `*` stands for anything. */
export function matchesPattern(pattern: string, text: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}
