/** Runs a Sentinel that watches one Redis, for tests of what happens when the master changes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endChild, leash } from '../process/leash.ts';
import { freePort } from '../process/ports.ts';
import type { RunningRedis } from './redis.ts';
import { findRedis } from './redis-binary.ts';

/** It finds a master dead after half a second without an answer, and asks nobody else. */
const DEAD_AFTER_MS = 500;
const START_WITHIN_MS = 10_000;

export interface RunningSentinel {
  /** `127.0.0.1:26379`. */
  readonly address: string;
  stop(): Promise<void>;
}

/** Starts one that knows the given server as `masterName`, and resolves when it answers. */
export async function startSentinel(masterName: string, master: RunningRedis): Promise<RunningSentinel> {
  const home = mkdtempSync(join(tmpdir(), 'sentinel-'));
  const port = await freePort();
  const file = join(home, 'sentinel.conf');
  writeFileSync(file, configuration(home, port, masterName, master), { mode: 0o600 });
  const binary = findRedis(() => undefined);
  const child = spawn(binary.path, [file, '--sentinel'], { stdio: 'ignore', detached: true });
  const guard = leash(child, { signal: 'TERM', folder: home });
  await accepts(port);
  return {
    address: `127.0.0.1:${port}`,
    stop: async () => {
      await endChild(child, 'SIGTERM', 10_000);
      guard.release();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function configuration(home: string, port: number, name: string, { url, port: masterPort }: RunningRedis): string {
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir "${home}"`,
    `sentinel monitor ${name} 127.0.0.1 ${masterPort} 1`,
    `sentinel auth-pass ${name} ${new URL(url).password}`,
    `sentinel down-after-milliseconds ${name} ${DEAD_AFTER_MS}`,
    `sentinel failover-timeout ${name} 3000`,
  ];
  return `${lines.join('\n')}\n`;
}

async function accepts(port: number): Promise<void> {
  for (const deadline = Date.now() + START_WITHIN_MS; Date.now() < deadline; await sleep(50)) {
    const socket = connect(port, '127.0.0.1');
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
  }
  throw new Error(`The Sentinel did not answer on port ${port} within ${START_WITHIN_MS} ms.`);
}
