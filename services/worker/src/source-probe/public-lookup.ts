/**
 * Lets a connection go only to addresses of the Internet. The check stands between the name server's answer and the
 * connection, on the very addresses that are connected to: a name that is public when a disk is accepted and private a
 * minute later is caught here, and so is every hop of a redirect.
 */
import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { NOT_PUBLIC_NETWORKS } from '@compute/domain';

const notPublic = new BlockList();
for (const [network, prefix, family] of NOT_PUBLIC_NETWORKS) notPublic.addSubnet(network, prefix, family);

/** A host leads to an address that is not of the Internet. The message names the host, never the address. */
export class PrivateAddressError extends Error {
  override readonly name = 'PrivateAddressError';

  constructor(host: string) {
    super(`${host} leads to an address that is not public`);
  }
}

/** True for an IP address that is not reachable from the Internet; false for names. IPv4 inside IPv6 counts as IPv4. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && notPublic.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** For the option `lookup` of a connection, which is not asked for literal addresses: those are judged before. */
export function publicLookup(
  isForbidden: (address: string) => boolean,
  lookup: typeof systemLookup = systemLookup,
): LookupFunction {
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error) return done(error, '');
      const isPrivate = addresses.some(({ address }) => isForbidden(address));
      if (isPrivate) return done(new PrivateAddressError(host), '');
      if (options.all) return done(null, addresses);
      const [first] = addresses;
      done(first ? null : new Error(`${host} has no address`), first?.address ?? '', first?.family);
    });
  };
}
