import { describe, expect, it } from 'vitest';
import { parseYaml } from './request-body.ts';

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
});
