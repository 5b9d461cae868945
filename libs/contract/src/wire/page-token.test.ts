import { isFault } from '@compute/domain';
import { expect, it } from 'vitest';
import { tokenSigner } from './page-token.ts';

const signer = tokenSigner(() => [Buffer.alloc(32, 1)]);
const refuses = (read: () => unknown) => {
  try {
    read();
    return false;
  } catch (error) {
    return isFault(error, 'InvalidArgument');
  }
};

it('reads back what it signed, in every process with the same key', () => {
  const token = signer.sign('list', ['a', 'ü']);
  expect(tokenSigner(() => [Buffer.alloc(32, 1)]).read('list', token, '/pageToken')).toEqual(['a', 'ü']);
  expect(token).toMatch(/^[\w.-]+$/);
});

it('refuses tokens of another scope, of another key, altered ones, and nonsense', () => {
  const token = signer.sign('list', ['a']);
  const [body = '', mac = ''] = token.split('.');
  const bad = [
    `${body}x.${mac}`,
    `${body}.${mac.slice(1)}`,
    body,
    '',
    '.',
    'x'.repeat(10_000),
    `${Buffer.from('["b"]').toString('base64url')}.${mac}`,
  ];
  expect(bad.filter((text) => !refuses(() => signer.read('list', text, '/pageToken')))).toEqual([]);
  expect(refuses(() => signer.read('other', token, '/pageToken'))).toBe(true);
  expect(refuses(() => tokenSigner(() => [Buffer.alloc(32, 2)]).read('list', token, '/pageToken'))).toBe(true);
});
