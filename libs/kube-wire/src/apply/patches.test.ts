import { describe, expect, it } from 'vitest';
import { jsonPatch, mergePatch } from './json-patch.ts';
import { MergeRules } from './merge-rules.ts';
import { strategicMerge } from './strategic-merge.ts';

describe('merge patches', () => {
  it.each([
    [{ a: 1, b: 2 }, { b: null }, { a: 1 }],
    [{ a: { b: 1, c: 2 } }, { a: { b: 3 } }, { a: { b: 3, c: 2 } }],
    [{ a: [1, 2] }, { a: [3] }, { a: [3] }],
    [{ a: 'x' }, { a: { b: { c: null, d: 1 } } }, { a: { b: { d: 1 } } }],
  ])('%j with %j becomes %j', (target, patch, expected) => {
    expect(mergePatch(target, patch)).toEqual(expected);
  });
});

describe('JSON patches', () => {
  it.each([
    [[{ op: 'add', path: '/b', value: 1 }], { a: [1, 2], b: 1 }],
    [[{ op: 'add', path: '/a/-', value: 3 }], { a: [1, 2, 3] }],
    [[{ op: 'add', path: '/a/0', value: 0 }], { a: [0, 1, 2] }],
    [[{ op: 'replace', path: '/a/1', value: 9 }], { a: [1, 9] }],
    [[{ op: 'replace', path: '/missing', value: 1 }], { a: [1, 2], missing: 1 }],
    [[{ op: 'remove', path: '/a/0' }], { a: [2] }],
    [[{ op: 'test', path: '/missing', value: null }], { a: [1, 2] }],
    [[{ op: 'copy', from: '/a', path: '/c' }], { a: [1, 2], c: [1, 2] }],
    [[{ op: 'move', from: '/a', path: '/c' }], { c: [1, 2] }],
    [[{ op: 'add', path: '/x~1y~0z', value: 1 }], { a: [1, 2], 'x/y~z': 1 }],
    [
      [
        { op: 'test', path: '/a/0', value: 1 },
        { op: 'remove', path: '/a' },
      ],
      {},
    ],
  ])('%j gives %j', (patch, expected) => {
    expect(jsonPatch({ a: [1, 2] }, patch)).toEqual(expected);
  });

  it.each([
    [[{ op: 'test', path: '/a/0', value: 2 }], 422],
    [[{ op: 'remove', path: '/missing' }], 422],
    [[{ op: 'replace', path: '/missing/x', value: 1 }], 422],
    [[{ op: 'replace', path: '/a/7', value: 1 }], 422],
    [[{ op: 'add', path: '/a/7', value: 1 }], 422],
    [[{ op: 'add', path: '/missing/x', value: 1 }], 422],
    [[{ op: 'jump', path: '/a' }], 400],
    [{ op: 'add' }, 400],
  ])('%j is refused with %d', (patch, code) => {
    expect(() => jsonPatch({ a: [1, 2] }, patch)).toThrow(expect.objectContaining({ code }));
  });

  it('does not change what it is given', () => {
    const target = { a: [1, 2] };
    jsonPatch(target, [{ op: 'remove', path: '/a/0' }]);
    expect(target).toEqual({ a: [1, 2] });
  });
});

describe('strategic merge patches', () => {
  const rules = new MergeRules([
    ['containers', { type: 'map', keys: ['name'] }],
    ['ports', { type: 'map', keys: ['port', 'protocol'], patchKey: 'port' }],
    ['tags', { type: 'set' }],
  ]);
  const target = {
    containers: [
      { name: 'a', image: '1' },
      { name: 'b', image: '1' },
    ],
    tags: ['x', 'y'],
    plain: [1, 2],
    strategy: { type: 'Rolling', rolling: { max: 1 } },
  };

  it.each([
    [
      'merges items by key',
      { containers: [{ name: 'a', image: '2' }] },
      {
        containers: [
          { name: 'a', image: '2' },
          { name: 'b', image: '1' },
        ],
      },
    ],
    [
      'adds items with a new key',
      { containers: [{ name: 'c', image: '1' }] },
      { containers: [...target.containers, { name: 'c', image: '1' }] },
    ],
    ['deletes items', { containers: [{ name: 'a', $patch: 'delete' }] }, { containers: [{ name: 'b', image: '1' }] }],
    [
      'replaces a list on demand',
      { containers: [{ $patch: 'replace' }, { name: 'z' }] },
      { containers: [{ name: 'z' }] },
    ],
    ['joins sets', { tags: ['y', 'z'] }, { tags: ['x', 'y', 'z'] }],
    ['deletes from sets', { '$deleteFromPrimitiveList/tags': ['x'] }, { tags: ['y'] }],
    ['replaces lists without a rule', { plain: [3] }, { plain: [3] }],
    ['removes fields set to null', { tags: null }, { tags: undefined }],
    [
      'keeps only retained keys',
      { strategy: { $retainKeys: ['type'], type: 'Recreate' } },
      { strategy: { type: 'Recreate' } },
    ],
    [
      'orders items',
      { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }], containers: [{ name: 'a', image: '3' }] },
      {
        containers: [
          { name: 'b', image: '1' },
          { name: 'a', image: '3' },
        ],
      },
    ],
  ])('%s', (_, patch, expected) => {
    expect(strategicMerge(target, patch, rules)).toEqual({ ...target, ...expected });
  });

  it('refuses items without their key', () => {
    expect(() => strategicMerge(target, { containers: [{ image: '1' }] }, rules)).toThrow(/merge key: name/);
  });
});
