import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { doubledKeys } from './strict-json.ts';

describe('doubled keys', () => {
  it.each([
    ['{"a":1,"a":2}', ['/a']],
    ['{"a":{"b":1,"c":[{"d":1},{"d":1,"d":2}],"b":2}}', ['/a/c/1/d', '/a/b']],
    ['{"a":"{\\"a\\":1,\\"a\\":2}","b":"\\\\","c":1}', []],
    ['{"a":1,"\\u0061":2}', ['/a']],
    ['[{"a":1},{"a":1}]', []],
    ['{"a/b":1,"a/b":2}', ['/a~1b']],
    ['{"__proto__":1,"__proto__":2}', ['/__proto__']],
    ['"text"', []],
    ['{ "a" : [ 1 , 2 ] , "a" : 3 }', ['/a']],
  ])('%s', (json, pointers) => {
    expect(doubledKeys(json).map(({ pointer }) => pointer)).toEqual(pointers);
  });

  it('are in nothing that JSON.stringify writes', () => {
    const texts = fc
      .jsonValue()
      .chain((value) => fc.constantFrom(JSON.stringify(value), JSON.stringify(value, null, 2)));
    fc.assert(fc.property(texts, (json) => doubledKeys(json).length === 0));
  });

  it('are found in time that grows with the text, however deep or wide it is', () => {
    expect(doubledKeys('['.repeat(1_000_000))).toEqual([]);
    expect(doubledKeys(`{${'"k":1,'.repeat(300_000)}"k":1}`)).toHaveLength(20);
  });
});
