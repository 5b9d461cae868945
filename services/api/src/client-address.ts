/** From which address a request comes, also behind proxies that the operator trusts. */
import { BlockList, isIP } from 'node:net';
import { ConfigurationError } from '@compute/runtime';

const NONE = 'none';

/** Finds the address of a client by its connection and X-Forwarded-For. */
export type AddressOf = (remote: string | undefined, forwardedFor: string | undefined) => string;

/**
 * Reads TRUSTED_PROXIES. Whatever a stranger writes into the header is ignored: from the right, the first address that
 * is no trusted proxy's. Throws `ConfigurationError`.
 */
export function addressFinder(trustedProxies: string): AddressOf {
  const trusted = trustedProxies === NONE ? undefined : proxyList(trustedProxies);
  return (remote, forwardedFor) => {
    const peer = plain(remote ?? '');
    if (!trusted || forwardedFor === undefined || !isTrusted(trusted, peer)) return peer;
    const hops = forwardedFor.split(',').map((hop) => plain(hop.trim()));
    const client = hops.findLast((hop) => !isTrusted(trusted, hop));
    return client !== undefined && isIP(client) !== 0 ? client : peer;
  };
}

function proxyList(text: string): BlockList {
  const list = new BlockList();
  for (const entry of text.split(',').map((word) => word.trim())) {
    const [address = '', bits] = entry.split('/', 2);
    const family = isIP(address);
    const length = bits === undefined ? undefined : Number(bits);
    const isLength =
      length === undefined || (Number.isInteger(length) && length >= 0 && length <= (family === 4 ? 32 : 128));
    if (family === 0 || !isLength)
      throw new ConfigurationError([`TRUSTED_PROXIES holds '${entry}', which is no address or network.`]);
    const type = family === 4 ? 'ipv4' : 'ipv6';
    if (length === undefined) list.addAddress(address, type);
    else list.addSubnet(address, length, type);
  }
  return list;
}

function isTrusted(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** Without the prefix of a mapped address. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '');
