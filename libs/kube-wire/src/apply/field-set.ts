/**
 * Sets of field paths with the algebra that field ownership needs, and their wire form FieldsV1. A node stands for one
 * step of a path (`f:name`, `k:{...}`, `v:...`); `owned` says whether the path that ends here is a member.
 */
import { type Fields, fieldsOf } from '../protocol/kube-object.ts';

export class FieldSet {
  owned = false;
  readonly children = new Map<string, FieldSet>();

  /** True when neither this path nor anything below it is a member. */
  get empty(): boolean {
    if (this.owned) return false;
    for (const child of this.children.values()) if (!child.empty) return false;
    return true;
  }

  child(step: string): FieldSet {
    let child = this.children.get(step);
    if (child === undefined) {
      child = new FieldSet();
      this.children.set(step, child);
    }
    return child;
  }

  static fromFieldsV1(fields: Fields): FieldSet {
    const set = new FieldSet();
    for (const [step, below] of Object.entries(fields)) {
      if (step === '.') continue;
      const child = FieldSet.fromFieldsV1(fieldsOf(below));
      child.owned = child.children.size === 0 || Object.hasOwn(fieldsOf(below), '.');
      set.children.set(step, child);
    }
    return set;
  }

  toFieldsV1(): Fields {
    const fields: Fields = {};
    for (const step of [...this.children.keys()].sort()) {
      const child = this.children.get(step) as FieldSet;
      if (child.empty) continue;
      const below = child.toFieldsV1();
      fields[step] = child.owned && Object.keys(below).length > 0 ? { '.': {}, ...below } : below;
    }
    return fields;
  }
}

/** Members of either set. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  return combine(a, b, (inA, inB) => inA || inB);
}

/** Members of `a` that are not members of `b`. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return combine(a, b, (inA, inB) => inA && !inB);
}

/** Members of both sets. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return combine(a, b, (inA, inB) => inA && inB);
}

const nothing = new FieldSet();

function combine(a: FieldSet, b: FieldSet, keep: (inA: boolean, inB: boolean) => boolean): FieldSet {
  const result = new FieldSet();
  result.owned = keep(a.owned, b.owned);
  for (const step of new Set([...a.children.keys(), ...b.children.keys()])) {
    const child = combine(a.children.get(step) ?? nothing, b.children.get(step) ?? nothing, keep);
    if (!child.empty) result.children.set(step, child);
  }
  return result;
}

/**
 * Members of `a` that are neither members of `b` nor below one: what is left when whole subtrees are taken away.
 */
export function withoutSubtrees(a: FieldSet, b: FieldSet): FieldSet {
  const result = new FieldSet();
  if (b.owned) return result;
  result.owned = a.owned;
  for (const [step, below] of a.children) {
    const taken = b.children.get(step);
    const child = taken === undefined ? below : withoutSubtrees(below, taken);
    if (!child.empty) result.children.set(step, child);
  }
  return result;
}

/** Every member as a readable path: `.spec.containers[name="a"].image`. */
export function memberPaths(set: FieldSet, prefix = ''): string[] {
  const own = set.owned ? [prefix] : [];
  return [...own, ...[...set.children].flatMap(([step, child]) => memberPaths(child, prefix + stepText(step)))];
}

function stepText(step: string): string {
  const value = step.slice(2);
  if (step.startsWith('f:')) return `.${value}`;
  if (step.startsWith('v:')) return `[=${value}]`;
  const keys = Object.entries(fieldsOf(JSON.parse(value)));
  return `[${keys.map(([name, key]) => `${name}=${JSON.stringify(key)}`).join(',')}]`;
}
