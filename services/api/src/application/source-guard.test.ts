import type { AnyDesired } from '@compute/contract';
import { expect, it } from 'vitest';
import { type Resolve, SourceGuard } from './source-guard.ts';

const disk = (url: string): AnyDesired => ({
  kind: 'VMDisk',
  name: 'd',
  labels: {},
  annotations: {},
  spec: { source: { http: { url } }, optical: false, storage: '1Gi', storageClass: 'replicated' },
});
const judge = (resolve: Resolve, allowPrivate = false) =>
  new SourceGuard(allowPrivate, resolve).problemsOf(disk('https://images.example.com/a'));

it('refuses a name that leads to a private address, also beside a public one', async () => {
  expect(await judge(async () => ['93.184.216.34', '10.0.0.1'])).toMatchObject([
    { pointer: '/spec/source/http/url', code: 'forbidden_address' },
  ]);
  expect(await judge(async () => ['::ffff:127.0.0.1'])).toHaveLength(1);
});

it('accepts a public name, one that does not resolve, and everything where the operator allows it', async () => {
  expect(await judge(async () => ['93.184.216.34'])).toEqual([]);
  expect(await judge(() => Promise.reject(new Error('ENOTFOUND')))).toEqual([]);
  expect(await judge(async () => ['127.0.0.1'], true)).toEqual([]);
});

it('asks once for a burst of disks from one source', async () => {
  let asked = 0;
  const guard = new SourceGuard(false, async () => {
    asked += 1;
    return ['93.184.216.34'];
  });
  await Promise.all(Array.from({ length: 20 }, () => guard.problemsOf(disk('https://images.example.com/b'))));
  expect(asked).toBe(1);
});
