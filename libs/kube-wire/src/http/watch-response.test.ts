import type { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { expect, it, vi } from 'vitest';
import { cdiKinds } from '../kinds/cdi-kinds.ts';
import type { ObjectVersion } from '../protocol/kube-object.ts';
import { everything } from '../protocol/selectors.ts';
import { WatchResponse } from './watch-response.ts';

/** A response whose client reads nothing until the test does. */
class UnreadResponse extends PassThrough {
  writeHead(): this {
    return this;
  }
  flushHeaders(): void {}
}

it('tells a client that reads too slowly that its watch is too old, and buffers no more', async () => {
  const response = new UnreadResponse();
  const [kind] = cdiKinds;
  if (!kind) throw new Error('There is no kind.');
  const accepted = { transform: 'none', version: '', yaml: false } as const;
  const watch = new WatchResponse(response as unknown as ServerResponse, {
    ...{ kind, namespace: '', selection: everything, resourceVersion: '1', initialEvents: false, bookmarks: false },
    ...{ timeoutMs: 60_000, bookmarkIntervalMs: 60_000, table: { kind, version: 'v1', include: 'Object' }, accepted },
  });
  const close = vi.fn();
  await watch.start({
    watch: async () => ({ resourceVersion: () => '1', close }),
  } as never);
  const json = `{"pad":"${'x'.repeat(1024 * 1024)}"}`;
  const version = { object: { metadata: { name: 'a' } }, json, resourceVersion: '2' } as unknown as ObjectVersion;
  for (let count = 0; count < 100; count += 1) watch.event({ type: 'MODIFIED', version, previous: undefined });
  expect(close).toHaveBeenCalled();
  expect(response.writableLength).toBeLessThan(40 * 1024 * 1024);
  const frames = Buffer.concat(await response.toArray())
    .toString()
    .trimEnd()
    .split('\n');
  expect(JSON.parse(frames.at(-1) ?? '')).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
});
