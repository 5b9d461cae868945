import { expect, test } from 'vitest';
import { isSealed, newDataKey, openSpec, parseSecretsKey, sealSpec, unwrapDataKey, wrapDataKey } from './sealing.ts';

const key = newDataKey();
const spec = { cloudInit: 'password: x', instanceType: 'u1.medium' };

test('a sealed spec opens to what it was, and shows only what is no secret', () => {
  const sealed = sealSpec('VMInstance', 'uid-1', spec, key);
  expect(sealed).toEqual({ cloudInit: { $sealed: expect.stringMatching(/^v1\./) }, instanceType: 'u1.medium' });
  expect(openSpec('VMInstance', 'uid-1', sealed, key)).toEqual(spec);
});

test('sealing the same text twice gives different texts', () => {
  expect(sealSpec('VMInstance', 'uid-1', spec, key)).not.toEqual(sealSpec('VMInstance', 'uid-1', spec, key));
});

test('a sealed value that was copied to another resource does not open', () => {
  const sealed = sealSpec('VMInstance', 'uid-1', spec, key);
  expect(() => openSpec('VMInstance', 'uid-2', sealed, key)).toThrow('does not open');
  expect(() => openSpec('VMInstance', 'uid-1', sealed, newDataKey())).toThrow('does not open');
});

test('an empty text is no secret', () => {
  const sealed = sealSpec('VMInstance', 'uid-1', { cloudInit: '' }, key);
  expect(sealed).toEqual({ cloudInit: '' });
  expect(isSealed('VMInstance', sealed)).toBe(false);
});

test('a data key is bound to its project and to the key that wrapped it', () => {
  const secretsKey = newDataKey();
  const wrapped = wrapDataKey(key, secretsKey, 'project-1');
  expect(unwrapDataKey(wrapped, secretsKey, 'project-1')).toEqual(key);
  expect(() => unwrapDataKey(wrapped, secretsKey, 'project-2')).toThrow('does not open');
  expect(() => unwrapDataKey(wrapped, newDataKey(), 'project-1')).toThrow('does not open');
});

test('a secrets key of another length is refused without showing it', () => {
  expect(parseSecretsKey(key.toString('base64'))).toEqual(key);
  expect(() => parseSecretsKey('c2hvcnQ=')).toThrow(/32 bytes \(base64\), not 5/);
});
