import { describe, expect, it } from 'vitest';
import { createLogger } from './logger.ts';
import { Shutdown } from './shutdown.ts';

const logger = createLogger({ service: 'test', level: 'silent' });

describe('Shutdown', () => {
  it('stops the parts in the reverse order of their start', async () => {
    const shutdown = new Shutdown({ logger });
    const stopped: string[] = [];
    for (const name of ['database', 'queue', 'server']) shutdown.register(name, () => stopped.push(name));
    expect(await shutdown.stop('test')).toBe(0);
    expect(stopped).toEqual(['server', 'queue', 'database']);
  });

  it('goes on after a part that fails, and says so by the exit code', async () => {
    const shutdown = new Shutdown({ logger });
    let databaseStopped = false;
    shutdown.register('database', () => {
      databaseStopped = true;
    });
    shutdown.register('server', () => Promise.reject(new Error('busy')));
    expect(await shutdown.stop('test')).toBe(1);
    expect(databaseStopped).toBe(true);
  });

  it('goes on when the deadline passes while a part hangs', async () => {
    const shutdown = new Shutdown({ logger, deadlineMs: 10 });
    let reached = false;
    shutdown.register('database', () => {
      reached = true;
    });
    shutdown.register('server', () => new Promise(() => undefined));
    expect(await shutdown.stop('test')).toBe(1);
    expect(reached).toBe(true);
  });

  it('runs the steps once however often it is asked', async () => {
    const shutdown = new Shutdown({ logger });
    let count = 0;
    shutdown.register('server', () => {
      count += 1;
    });
    await Promise.all([shutdown.stop('one'), shutdown.stop('two')]);
    expect(count).toBe(1);
    expect(shutdown.stopping).toBe(true);
  });

  it('takes a signal that arrives twice at once for one wish, as npm repeats what the terminal sends', async () => {
    const exits: number[] = [];
    const ended = new Promise<void>((resolve) => {
      const shutdown = new Shutdown({ logger, exit: (code) => resolve(void exits.push(code)) });
      shutdown.register('server', () => Promise.resolve());
      shutdown.listen();
    });
    process.emit('SIGTERM');
    process.emit('SIGTERM');
    await ended;
    for (const event of ['SIGTERM', 'SIGINT', 'SIGHUP', 'uncaughtException', 'unhandledRejection']) {
      process.removeAllListeners(event);
    }
    expect(exits).toEqual([0]);
  });
});
