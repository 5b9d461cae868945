import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { openWith, unwrap, wrap } from './envelopes.ts';
import { WrappingKeys } from './wrapping-keys.ts';

const [first, second] = [randomBytes(32), randomBytes(32)];
const clear = Buffer.from('a data key');

test('an envelope is bound to what it belongs to and to the key that sealed it', () => {
  const keys = new WrappingKeys(first);
  const envelope = wrap(clear, keys, 'project/1');
  expect(unwrap(envelope, keys, 'project/1')).toEqual(clear);
  expect(() => unwrap(envelope, keys, 'project/2')).toThrow('does not open');
  expect(() => unwrap(envelope, new WrappingKeys(second), 'project/1')).toThrow(envelope.wrappedBy);
});

test('before and after a change of keys each process opens what the other seals', () => {
  const [before, after] = [new WrappingKeys(first, [second]), new WrappingKeys(second, [first])];
  expect(unwrap(wrap(clear, before, 'project/1'), after, 'project/1')).toEqual(clear);
  expect(unwrap(wrap(clear, after, 'project/1'), before, 'project/1')).toEqual(clear);
});

test('an envelope without the name of its key, or with one that is stale, is tried with every key', () => {
  const { sealed } = wrap(clear, new WrappingKeys(first), 'webhook/1');
  const keys = new WrappingKeys(second, [first]);
  for (const wrappedBy of [null, keys.current.id, 'unknown'])
    expect(openWith({ sealed, wrappedBy }, keys, 'webhook/1')?.key.id).toBe(new WrappingKeys(first).current.id);
});

test('keys that are replaced hold at once for who has them, and a key of another length is refused without showing it', () => {
  const keys = new WrappingKeys(first);
  expect(keys.replace(first, [])).toBe(false);
  expect(keys.replace(second, [first])).toBe(true);
  expect(keys.current.bytes).toEqual(second);
  expect(() => keys.replace('c2hvcnQ=', [])).toThrow(/32 bytes \(base64\), not 5/);
  expect(keys.current.bytes).toEqual(second);
});
