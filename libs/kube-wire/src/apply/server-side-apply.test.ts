import { describe, expect, it } from 'vitest';
import type { Fields, KubeObject } from '../protocol/kube-object.ts';
import { StatusError } from '../protocol/status-error.ts';
import { type Manager, recordUpdate } from './managed-fields.ts';
import { MergeRules } from './merge-rules.ts';
import { applyConfiguration } from './server-side-apply.ts';

const rules = new MergeRules([
  ['spec.items', { type: 'map', keys: ['name'] }],
  ['spec.ports', { type: 'map', keys: ['port', 'protocol'], defaults: { protocol: 'TCP' } }],
  ['spec.tags', { type: 'set' }],
]);

function object(spec: Fields, metadata: Fields = {}): KubeObject {
  return { apiVersion: 'x/v1', kind: 'X', metadata: { name: 'a', ...metadata }, spec } as KubeObject;
}

const manager = (name: string, operation: Manager['operation'] = 'Apply'): Manager => ({
  name,
  operation,
  apiVersion: 'x/v1',
  subresource: '',
});

function apply(live: KubeObject | undefined, spec: Fields, by: string, force = false): KubeObject {
  return applyConfiguration({ live, applied: object(spec), manager: manager(by), force, rules });
}

function update(live: KubeObject, spec: Fields, by: string): KubeObject {
  const next = { ...live, metadata: { ...live.metadata }, spec };
  recordUpdate(live, next, manager(by, 'Update'), rules);
  return next;
}

function owners(live: KubeObject): Record<string, Fields> {
  const entries = (live.metadata.managedFields ?? []).map((entry) => [
    `${entry.manager} ${entry.operation}`,
    entry.fieldsV1,
  ]);
  return Object.fromEntries(entries) as Record<string, Fields>;
}

function conflictsOf(run: () => unknown): string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return (error.details?.causes ?? []).map(({ field }) => field ?? '');
    throw error;
  }
  return [];
}

describe('server-side apply', () => {
  it('owns what it applied', () => {
    const live = apply(undefined, { a: 1, items: [{ name: 'x', v: 1 }], tags: ['t'] }, 'one');
    expect(owners(live)).toEqual({
      'one Apply': {
        'f:spec': {
          'f:a': {},
          'f:items': { 'k:{"name":"x"}': { '.': {}, 'f:name': {}, 'f:v': {} } },
          'f:tags': { 'v:"t"': {} },
        },
      },
    });
  });

  it('keeps what others applied', () => {
    const live = apply(apply(undefined, { a: 1 }, 'one'), { b: 2 }, 'two');
    expect(live.spec).toEqual({ a: 1, b: 2 });
  });

  it('removes what it applied before and applies no longer', () => {
    const live = apply(apply(undefined, { a: 1, b: { c: 1 } }, 'one'), { a: 1 }, 'one');
    expect(live.spec).toEqual({ a: 1 });
  });

  it('leaves a field that another manager also applied', () => {
    const shared = apply(apply(undefined, { a: 1, b: 1 }, 'one'), { b: 1 }, 'two');
    const live = apply(shared, { a: 1 }, 'one');
    expect(live.spec).toEqual({ a: 1, b: 1 });
    expect(owners(live)).toEqual({
      'one Apply': { 'f:spec': { 'f:a': {} } },
      'two Apply': { 'f:spec': { 'f:b': {} } },
    });
  });

  it('conflicts with another owner of another value, and names every field', () => {
    const live = apply(undefined, { a: 1, items: [{ name: 'x', v: 1 }] }, 'one');
    const run = (): unknown => apply(live, { a: 2, items: [{ name: 'x', v: 2 }] }, 'two');
    expect(conflictsOf(run)).toEqual(['.spec.a', '.spec.items[name="x"].v']);
    expect(run).toThrow('Apply failed with 2 conflicts: conflicts with "one":\n- .spec.a\n- .spec.items[name="x"].v');
  });

  it('takes fields over by force', () => {
    const live = apply(apply(undefined, { a: 1 }, 'one'), { a: 2 }, 'two', true);
    expect(live.spec).toEqual({ a: 2 });
    expect(owners(live)).toEqual({ 'two Apply': { 'f:spec': { 'f:a': {} } } });
  });

  it('shares a field by applying the same value', () => {
    const live = apply(apply(undefined, { a: 1 }, 'one'), { a: 1 }, 'two');
    expect(Object.keys(owners(live))).toEqual(['one Apply', 'two Apply']);
  });

  it('conflicts with an updater and says since when', () => {
    const live = update(apply(undefined, { a: 1, b: 1 }, 'one'), { a: 2, b: 1 }, 'kubectl-edit');
    expect(owners(live)['one Apply']).toEqual({ 'f:spec': { 'f:b': {} } });
    expect(() => apply(live, { a: 1, b: 1 }, 'one')).toThrow(
      /^Apply failed with 1 conflict: conflict with "kubectl-edit" using x\/v1 at .*Z: \.spec\.a$/,
    );
  });

  it('changes nothing when nothing changed', () => {
    const live = apply(undefined, { a: 1, items: [{ name: 'x' }] }, 'one');
    expect(apply(live, { items: [{ name: 'x' }], a: 1 }, 'one')).toBe(live);
  });

  it('merges keyed lists item by item and takes its own items away again', () => {
    const both = apply(
      apply(undefined, { items: [{ name: 'x', v: 1 }] }, 'one'),
      { items: [{ name: 'y', v: 2 }] },
      'two',
    );
    expect(both.spec).toEqual({
      items: [
        { name: 'x', v: 1 },
        { name: 'y', v: 2 },
      ],
    });
    expect(apply(both, {}, 'one').spec).toEqual({ items: [{ name: 'y', v: 2 }] });
  });

  it('keeps an item in which another manager owns a field', () => {
    const one = apply(undefined, { items: [{ name: 'x', v: 1 }] }, 'one');
    const both = apply(one, { items: [{ name: 'x', w: 2 }] }, 'two');
    expect(apply(both, {}, 'one').spec).toEqual({ items: [{ name: 'x', w: 2 }] });
  });

  it('identifies items by several keys with defaults', () => {
    const one = apply(undefined, { ports: [{ port: 80, name: 'a' }] }, 'one');
    const live = apply(one, { ports: [{ port: 80, protocol: 'TCP', name: 'b' }] }, 'one');
    expect(live.spec).toEqual({ ports: [{ port: 80, protocol: 'TCP', name: 'b' }] });
  });

  it('treats lists without keys as one value', () => {
    const live = apply(undefined, { plain: [1, 2] }, 'one');
    expect(conflictsOf(() => apply(live, { plain: [1, 2, 3] }, 'two'))).toEqual(['.spec.plain']);
    expect(apply(live, { plain: [3] }, 'one').spec).toEqual({ plain: [3] });
  });

  it('joins sets', () => {
    const live = apply(apply(undefined, { tags: ['a', 'b'] }, 'one'), { tags: ['b', 'c'] }, 'two');
    expect(live.spec).toEqual({ tags: ['a', 'b', 'c'] });
    expect(apply(live, {}, 'one').spec).toEqual({ tags: ['b', 'c'] });
  });

  it('ignores nulls', () => {
    expect(apply(undefined, { a: 1, b: null }, 'one').spec).toEqual({ a: 1 });
  });
});

describe('ownership after updates', () => {
  it('removed fields have no owner', () => {
    const live = update(apply(undefined, { a: 1, b: 1 }, 'one'), { a: 1 }, 'editor');
    expect(owners(live)).toEqual({ 'one Apply': { 'f:spec': { 'f:a': {} } } });
  });

  it('one empty entry forgets all owners', () => {
    const live = apply(undefined, { a: 1 }, 'one');
    const next = { ...live, metadata: { ...live.metadata, managedFields: [{}] } } as unknown as KubeObject;
    recordUpdate(live, next, manager('editor', 'Update'), rules);
    expect(next.metadata.managedFields).toBeUndefined();
  });

  it('more than ten updaters are joined into one entry', () => {
    let live = apply(undefined, { a: 0 }, 'one');
    for (let at = 0; at < 15; at++) live = update(live, { ...(live.spec as Fields), [`f${at}`]: at }, `updater-${at}`);
    const updaters = (live.metadata.managedFields ?? []).filter(({ operation }) => operation === 'Update');
    expect(updaters).toHaveLength(10);
    expect(updaters.some((entry) => entry.manager === 'ancient-changes')).toBe(true);
  });
});
