import { describe, expect, it } from 'vitest';
import { duplicateKeys } from './duplicate-keys.ts';
import { parseJson, parseYaml } from './request-body.ts';

describe('YAML bodies', () => {
  it.each([
    ['a: yes', { a: true }],
    ['a: "yes"', { a: 'yes' }],
    ['a: 0644', { a: 420 }],
    ['a: 2020-01-01', { a: '2020-01-01' }],
    ['a: 2020-01-01T00:00:00Z', { a: '2020-01-01T00:00:00Z' }],
    ['a: 12:30:45', { a: '12:30:45' }],
    ['a: 1e3', { a: 1000 }],
    ['a: ~', { a: null }],
    ['x: &x {b: 1}\na:\n  <<: *x', { x: { b: 1 }, a: { b: 1 } }],
    ['{"a": [1, "b"]}', { a: [1, 'b'] }],
  ])('%j is %j', (text, value) => {
    expect(parseYaml(text)).toEqual(value);
  });

  it('with a key twice are refused', () => {
    expect(() => parseYaml('a: 1\na: 2')).toThrow(/error decoding YAML/);
  });

  it('that would grow without bound are refused', () => {
    const levels = Array.from(
      { length: 8 },
      (_, at) => `l${at + 1}: &l${at + 1} [${'*l'.concat(`${at}, `).repeat(9)}]`,
    );
    expect(() => parseYaml(['l0: &l0 [x]', ...levels].join('\n'))).toThrow(/error decoding YAML/);
  });
});

const deepObject = `${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
const deepList = '['.repeat(50_000) + ']'.repeat(50_000);

it.each([
  ['JSON', () => parseJson(deepObject)],
  ['JSON under the name of YAML', () => parseYaml(deepObject)],
  ['YAML', () => parseYaml(deepList)],
])('%s that is too deep to go through is refused', (_name, parse) => {
  expect(parse).toThrow(/levels deep|call stack/);
});

it.each([
  ['{"a":1,"b":{"a":2}}', []],
  ['{"a":1,"a":2}', ['a']],
  ['{"spec":{"x":1,"x":2,"x":3}}', ['spec.x']],
  ['{"l":[{"k":1},{"k":1,"k":2}]}', ['l[1].k']],
  ['{"a":"\\"a\\":1,","\\u0061":2}', ['a']],
  ['[{"a":[]},{"a":[]}]', []],
])('%s holds twice: %j', (text, paths) => {
  expect(duplicateKeys(text)).toEqual(paths);
});
