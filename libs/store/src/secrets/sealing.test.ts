import { expect, test } from 'vitest';
import { isSealed, newDataKey, openSpec, sealSpec } from './sealing.ts';

const key = newDataKey();
const spec = { cloudInit: 'password: x', instanceType: 'u1.medium' };

test('a sealed spec opens to what it was, and shows only what is no secret', () => {
  const sealed = sealSpec('VMInstance', 'uid-1', spec, key);
  expect(sealed).toEqual({ cloudInit: { $sealed: expect.stringMatching(/^v1\./) }, instanceType: 'u1.medium' });
  expect(openSpec('VMInstance', 'uid-1', sealed, [key])).toEqual(spec);
});

test('sealing the same text twice gives different texts', () => {
  expect(sealSpec('VMInstance', 'uid-1', spec, key)).not.toEqual(sealSpec('VMInstance', 'uid-1', spec, key));
});

test('a sealed value that was copied to another resource does not open', () => {
  const sealed = sealSpec('VMInstance', 'uid-1', spec, key);
  expect(() => openSpec('VMInstance', 'uid-2', sealed, [key])).toThrow('does not open');
  expect(() => openSpec('VMInstance', 'uid-1', sealed, [newDataKey()])).toThrow('does not open');
});

test('an empty text is no secret', () => {
  const sealed = sealSpec('VMInstance', 'uid-1', { cloudInit: '' }, key);
  expect(sealed).toEqual({ cloudInit: '' });
  expect(isSealed('VMInstance', sealed)).toBe(false);
});

test('a retired data key opens what it sealed, and the present one what an older build sealed without its name', () => {
  const next = newDataKey();
  const sealed = sealSpec('VMInstance', 'uid-1', spec, key);
  expect(openSpec('VMInstance', 'uid-1', sealed, [next, key])).toEqual(spec);
  const { $sealed: text } = sealed.cloudInit as { $sealed: string };
  const ofOlderBuild = { ...sealed, cloudInit: { $sealed: text.split('.').slice(0, 2).join('.') } };
  expect(openSpec('VMInstance', 'uid-1', ofOlderBuild, [next, key])).toEqual(spec);
  expect(() => openSpec('VMInstance', 'uid-1', sealed, [next])).toThrow('does not open');
});
