import type { lookup as systemLookup } from 'node:dns';
import { expect, test } from 'vitest';
import { isPrivateAddress, PrivateAddressError, publicLookup } from './public-lookup.ts';

type Address = { address: string; family: number };

/** What a connection is given for a name that resolves to these addresses. */
function connectTo(addresses: Address[], all: boolean): Promise<unknown> {
  const answering = ((_host: string, _options: object, done: (error: null, found: Address[]) => void) =>
    done(null, addresses)) as unknown as typeof systemLookup;
  return new Promise((resolve, reject) => {
    publicLookup(isPrivateAddress, answering)('images.example', { all }, (error, found) =>
      error ? reject(error) : resolve(found),
    );
  });
}

const public4 = { address: '93.184.216.34', family: 4 };

test('a connection goes to the very addresses that were judged', async () => {
  expect(await connectTo([public4], true)).toEqual([public4]);
  expect(await connectTo([public4], false)).toBe('93.184.216.34');
});

test.each(['10.1.2.3', '127.0.0.1', '169.254.169.254', '::1', 'fd00::1', '::ffff:192.168.0.1'])(
  'one address such as %s among public ones is enough to refuse',
  async (address) => {
    expect(isPrivateAddress(address)).toBe(true);
    const family = address.includes(':') ? 6 : 4;
    await expect(connectTo([public4, { address, family }], true)).rejects.toThrow(PrivateAddressError);
  },
);
