import { expect, it } from 'vitest';
import { redisAddress } from './redis-address.ts';

it('reads a server with its login and database', () => {
  expect(redisAddress('redis://default:p%40ss@127.0.0.1:6380/2')).toEqual({
    ...{ username: 'default', password: 'p@ss', db: 2 },
    ...{ host: '127.0.0.1', port: 6_380 },
  });
  expect(redisAddress('rediss://[::1]')).toEqual({ host: '::1', port: 6_379, tls: {} });
});

it('takes the host for the name of the master when Sentinels are named', () => {
  expect(redisAddress('redis://default:pw@mymaster?sentinels=a:1,b,[::1]:3&sentinelPassword=sp')).toEqual({
    ...{ username: 'default', password: 'pw', name: 'mymaster', sentinelPassword: 'sp' },
    reconnectOnError: expect.any(Function),
    sentinels: [
      { host: 'a', port: 1 },
      { host: 'b', port: 26_379 },
      { host: '::1', port: 3 },
    ],
  });
});

it('never repeats a URL that it cannot read', () => {
  expect(() => redisAddress('redis://default:hunter2@host:no')).toThrow('The address of Redis is no URL.');
});
