import { expect, it } from 'vitest';
import { addressFinder } from './client-address.ts';

it('without trusted proxies, what the header says is anybody’s word', () => {
  expect(addressFinder('none')('192.0.2.1', '10.0.0.9')).toBe('192.0.2.1');
});

it('from a trusted proxy, the last address that is no proxy’s counts', () => {
  const addressOf = addressFinder('10.0.0.0/8, 2001:db8::1');
  expect(addressOf('10.1.2.3', 'spoofed, 192.0.2.7, 10.9.9.9')).toBe('192.0.2.7');
  expect(addressOf('2001:db8::1', '192.0.2.8')).toBe('192.0.2.8');
  expect(addressOf('::ffff:10.1.2.3', '::ffff:192.0.2.9')).toBe('192.0.2.9');
  expect(addressOf('192.0.2.1', '198.51.100.1')).toBe('192.0.2.1');
  expect(addressOf('10.1.2.3', undefined)).toBe('10.1.2.3');
  expect(addressOf('10.1.2.3', '10.4.5.6')).toBe('10.1.2.3');
  expect(addressOf('10.1.2.3', 'no address')).toBe('10.1.2.3');
});

it.each(['proxy', '10.0.0.0/33', '10.0.0.0/x', ''])('%o is no list of proxies', (text) => {
  expect(() => addressFinder(text)).toThrow(/TRUSTED_PROXIES/);
});
