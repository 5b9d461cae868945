import { describe, expect, it } from 'vitest';
import { noteIds, withLogContext } from './log-context.ts';
import { createLogger } from './logger.ts';
import { frameworkLogger } from './nest-logger.ts';

function capture(level = 'trace') {
  const lines: string[] = [];
  const logger = createLogger({
    service: 'test',
    level,
    destination: { write: (line: string) => void lines.push(line) },
  });
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> };
}

describe('createLogger', () => {
  it('writes one JSON object a line, with the name, the level and the message of the event', () => {
    const { logger, lines, last } = capture();
    logger.event('queue.rebuilt', { count: 1 });
    expect(lines).toHaveLength(1);
    expect(last()).toMatchObject({ level: 'info', service: 'test', event: 'queue.rebuilt', count: 1 });
    expect(last().msg).toMatch(/^the queue is new/);
  });

  it('leaves out what is below the level, except what somebody waits for', () => {
    const { logger, lines } = capture('error');
    logger.event('queue.rebuilt');
    expect(lines).toHaveLength(0);
    logger.announce('api.ready', { restPort: 1 });
    expect(lines).toHaveLength(1);
  });

  it('adds the ids of the work in hand across an await, and nothing outside of it', async () => {
    const { logger, last } = capture();
    await withLogContext({ requestId: 'r1' }, async () => {
      await Promise.resolve();
      withLogContext({ uid: 'u1' }, () => logger.event('look.done'));
    });
    expect(last()).toMatchObject({ requestId: 'r1', uid: 'u1' });
    logger.event('look.done');
    expect(last()).not.toHaveProperty('requestId');
  });

  it('adds ids that become known later, for who called as well', async () => {
    const { logger, last } = capture();
    await withLogContext({ requestId: 'r1' }, async () => {
      await Promise.resolve().then(() => noteIds({ operationId: 'o1' }));
      logger.event('look.done');
    });
    expect(last()).toMatchObject({ requestId: 'r1', operationId: 'o1' });
    noteIds({ operationId: 'o2' });
    logger.event('look.done');
    expect(last()).not.toHaveProperty('operationId');
  });

  it('redacts secrets at the top and inside of objects', () => {
    const { logger, lines } = capture();
    const secrets = {
      apiKey: 'vmk_1',
      request: { headers: { authorization: 'Bearer vmk_2' } },
      spec: { cloudInit: 'pw' },
    };
    logger.library('warn', secrets, 'x');
    expect(lines[0]).not.toMatch(/vmk_1|vmk_2|"pw"/);
  });

  it('writes an error with its causes but without the fields that libraries hang on it', () => {
    const { logger, last, lines } = capture();
    const cause = Object.assign(new Error('connect postgresql://me:hunter2@db/x'), {
      code: 'ECONNREFUSED',
      parameters: ['pw'],
    });
    logger.event('loop.failed', { err: new Error('no database', { cause }) });
    expect(last().err).toMatchObject({ message: 'no database', cause: { code: 'ECONNREFUSED' } });
    expect(lines[0]).not.toMatch(/hunter2|parameters/);
  });
});

describe('frameworkLogger', () => {
  it('writes the narration of the framework as debug and its errors as errors', () => {
    const { logger, last } = capture();
    const framework = frameworkLogger(logger);
    framework.log('Nest application started', 'NestApplication');
    expect(last()).toMatchObject({
      event: 'library.message',
      level: 'debug',
      msg: 'Nest application started',
      context: 'NestApplication',
    });
    framework.error('broken', 'at line 1', 'Injector');
    expect(last()).toMatchObject({ level: 'error', stack: 'at line 1', context: 'Injector' });
  });
});
