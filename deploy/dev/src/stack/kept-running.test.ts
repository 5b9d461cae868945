import { describe, expect, it } from 'vitest';
import { keepRunning, type Server } from './kept-running.ts';

class FakeServer implements Server {
  readonly pid: number;
  readonly ended: Promise<number | string>;
  stopped = false;
  crash: (outcome: string) => void = () => undefined;

  constructor(pid: number) {
    this.pid = pid;
    this.ended = new Promise((resolve) => {
      this.crash = resolve;
    });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.crash('SIGTERM');
  }
}

function kept(start: () => Promise<FakeServer>) {
  const first = new FakeServer(1);
  const said: string[] = [];
  let restarted: (pid: number) => void = () => undefined;
  const nextRestart = () =>
    new Promise<number>((resolve) => {
      restarted = resolve;
    });
  const running = keepRunning({
    name: 'redis',
    first,
    start,
    say: (line) => said.push(line),
    onRestart: (server) => restarted(server.pid),
  });
  return { first, said, running, nextRestart };
}

describe('keepRunning', () => {
  it('starts a server again that ended unasked, and says so', async () => {
    const second = new FakeServer(2);
    const { first, said, running, nextRestart } = kept(async () => second);
    const restart = nextRestart();
    first.crash('SIGKILL');
    expect(await restart).toBe(2);
    expect(running.pid).toBe(2);
    expect(said).toEqual(['redis (1) ended by itself (SIGKILL): starting it again.']);
    await running.stop();
    expect(second.stopped).toBe(true);
  });

  it('tries again when the new server does not start', async () => {
    let attempts = 0;
    const { first, nextRestart } = kept(async () => {
      attempts += 1;
      if (attempts < 2) throw new Error('the folder is still locked');
      return new FakeServer(2);
    });
    const restart = nextRestart();
    first.crash('SIGKILL');
    expect(await restart).toBe(2);
    expect(attempts).toBe(2);
  });

  it('does not start a server again that was stopped', async () => {
    const { running, said } = kept(() => Promise.reject(new Error('not wanted')));
    await running.stop();
    expect(said).toEqual([]);
  });
});
