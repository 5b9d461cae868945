/**
 * Where Redis is, out of one URL: a server, or the Sentinels that know which server is the master at the moment.
 *
 *     redis://user:password@host:6379/0
 *     redis://user:password@mymaster/0?sentinels=host1:26379,host2:26379,host3:26379&sentinelPassword=…
 *
 * With `sentinels` the host is the name by which they know the master, and `rediss` seals the connections to it and to them.
 */
import { Fault } from '@compute/domain';
import type { RedisOptions } from 'ioredis';

const SENTINEL_PORT = 26_379;

/** What a connection is opened with. Throws `Fault('InvalidArgument')` without a word of the URL, which holds a password. */
export function redisAddress(redisUrl: string): RedisOptions {
  const url = parsed(redisUrl);
  const sentinels = url.searchParams.get('sentinels');
  const isSealed = url.protocol === 'rediss:';
  const login = loginOf(url);
  if (sentinels === null) {
    return { ...login, host: bare(url.hostname), port: Number(url.port || 6_379), ...(isSealed && { tls: {} }) };
  }
  const sentinelPassword = url.searchParams.get('sentinelPassword');
  return {
    ...login,
    name: url.hostname,
    sentinels: sentinels.split(',').map(sentinelOf),
    // A master that was replaced may live on. Sentinels cut its connections; should one be left, its first write is refused.
    // (The client's own failover detector can end a connection for good when it speaks while the connection is made again.)
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    ...(sentinelPassword !== null && { sentinelPassword }),
    ...(isSealed && { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true }),
  };
}

function parsed(redisUrl: string): URL {
  if (URL.canParse(redisUrl)) return new URL(redisUrl);
  throw new Fault('InvalidArgument', 'The address of Redis is no URL.');
}

function loginOf({ username, password, pathname }: URL): RedisOptions {
  const database = Number(pathname.slice(1));
  return {
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    ...(database > 0 && { db: database }),
  };
}

function sentinelOf(text: string): { host: string; port: number } {
  const { hostname, port } = parsed(`redis://${text.trim()}`);
  return { host: bare(hostname), port: Number(port || SENTINEL_PORT) };
}

/** IPv6 stands in brackets in a URL and without them in a connection. */
const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, '');
