import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emptyDatabase, testRedis } from '@compute/test-services';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePort } from '../process/ports.ts';
import { checkCluster, checkDatabase, checkGivenParts, checkRedis } from './given-parts.ts';

describe('parts that the environment names', () => {
  it('are accepted when they answer', async () => {
    await checkDatabase((await emptyDatabase()).url);
    await checkRedis((await testRedis()).url);
  });

  it('are refused in one sentence that names the variable and no password', async () => {
    const port = await freePort();
    const refused = [
      checkDatabase(`postgresql://me:hunter2@127.0.0.1:${port}/x`),
      checkRedis(`redis://:hunter2@127.0.0.1:${port}`),
    ];
    const outcomes = await Promise.all(
      refused.map((check) =>
        check.then(
          () => '',
          (error: Error) => error.message,
        ),
      ),
    );
    expect(outcomes[0]).toMatch(
      /^The Postgres of DATABASE_URL cannot be used \(.*ECONNREFUSED.*\): start it, or unset/,
    );
    expect(outcomes[1]).toMatch(/^The Redis of REDIS_URL cannot be used \(.*ECONNREFUSED.*\): start it, or unset/);
    expect(outcomes.join()).not.toContain('hunter2');
  });
});

describe('the cluster that KUBECONFIG names', () => {
  const cleanups: (() => Promise<unknown> | unknown)[] = [];
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'given-'));
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  });

  /** A server that gives every question this status; none at all when it is absent. */
  async function server(status?: number): Promise<string> {
    const http = createServer((_request, response) => {
      if (status !== undefined) response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => {
      http.closeAllConnections();
      return new Promise((resolve) => http.close(resolve));
    });
    return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  }

  function kubeconfig(address: string, name = 'foreign.kubeconfig'): string {
    const file = join(folder, name);
    const config = {
      'current-context': 'x',
      clusters: [{ name: 'x', cluster: { server: address } }],
      users: [{ name: 'x', user: { token: 'hunter2' } }],
      contexts: [{ name: 'x', context: { cluster: 'x', user: 'x' } }],
    };
    writeFileSync(file, JSON.stringify(config));
    return file;
  }

  it('is taken with its address when it answers, also when it forbids the question', async () => {
    const elsewhere = { path: join(folder, 'state') };
    for (const status of [200, 403]) {
      const address = await server(status);
      const file = kubeconfig(address);
      const given = await checkGivenParts(elsewhere, { KUBECONFIG: file });
      expect(given).toEqual({ cluster: { kubeconfig: file, server: address } });
    }
  });

  it('is refused in one sentence with the remedy when it does not answer', async () => {
    const closed = kubeconfig(`https://127.0.0.1:${await freePort()}`);
    const remedy =
      /^The cluster of KUBECONFIG \(.*foreign\.kubeconfig, http.*\) .*`unset KUBECONFIG` to use the simulated/;
    await expect(checkCluster(closed)).rejects.toThrow(remedy);
    const silent = checkCluster(kubeconfig(await server()), 200);
    await expect(silent).rejects.toThrow(/does not answer/);
    const unwelcome = checkCluster(kubeconfig(await server(401)));
    await expect(unwelcome).rejects.toThrow(/refuses .* \(401\)/);
  });

  it('is refused when the file is missing, a list, or no kubeconfig, and its words are not repeated', async () => {
    const broken = join(folder, 'broken');
    writeFileSync(broken, '{ "token": "hunter2" ');
    await expect(checkCluster('no-such-file')).rejects.toThrow(/^KUBECONFIG names no-such-file, which does not exist:/);
    await expect(checkCluster('one:two')).rejects.toThrow(/takes one file, no list/);
    const failure: Error = await checkCluster(broken).then(
      () => new Error('accepted'),
      (error: Error) => error,
    );
    expect(failure.message).toMatch(/which is no kubeconfig with a current cluster: `unset KUBECONFIG`/);
    expect(failure.message).not.toContain('hunter2');
  });

  it('is none when the file is the stack’s own, whether it is there or not, or behind a link', async () => {
    const link = `${folder}-link`;
    symlinkSync(folder, link);
    cleanups.push(() => rmSync(link, { force: true }));
    const own = kubeconfig(`http://127.0.0.1:${await freePort()}`, 'kubeconfig');
    for (const KUBECONFIG of [own, join(link, 'kubeconfig'), join(folder, 'cluster.kubeconfig')]) {
      expect(await checkGivenParts({ path: folder }, { KUBECONFIG })).toEqual({ ownKubeconfig: KUBECONFIG });
    }
  });

  it('is another stack’s when its folder only begins with the same name', async () => {
    const file = kubeconfig(await server(200));
    const given = await checkGivenParts({ path: folder.slice(0, -1) }, { KUBECONFIG: file });
    expect(given.cluster?.kubeconfig).toBe(file);
  });
});
