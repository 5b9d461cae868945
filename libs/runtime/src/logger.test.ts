import { describe, expect, it } from 'vitest';
import { withLogContext } from './log-context.ts';
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
  it('writes one JSON object a line, with the level as a word', () => {
    const { logger, lines, last } = capture();
    logger.info({ port: 1 }, 'listening');
    expect(lines).toHaveLength(1);
    expect(last()).toMatchObject({ level: 'info', service: 'test', port: 1, msg: 'listening' });
  });

  it('adds the ids of the work in hand across an await, and nothing outside of it', async () => {
    const { logger, last } = capture();
    await withLogContext({ requestId: 'r1' }, async () => {
      await Promise.resolve();
      withLogContext({ uid: 'u1' }, () => logger.info('inside'));
    });
    expect(last()).toMatchObject({ requestId: 'r1', uid: 'u1' });
    logger.info('outside');
    expect(last()).not.toHaveProperty('requestId');
  });

  it('redacts secrets at the top and inside of objects', () => {
    const { logger, lines } = capture();
    logger.info(
      { apiKey: 'vmk_1', request: { headers: { authorization: 'Bearer vmk_2' } }, spec: { cloudInit: 'pw' } },
      'x',
    );
    expect(lines[0]).not.toMatch(/vmk_1|vmk_2|"pw"/);
  });

  it('writes an error with its causes but without the fields that libraries hang on it', () => {
    const { logger, last, lines } = capture();
    const cause = Object.assign(new Error('connect postgresql://me:hunter2@db/x'), {
      code: 'ECONNREFUSED',
      parameters: ['pw'],
    });
    logger.error({ err: new Error('no database', { cause }) }, 'failed');
    expect(last().err).toMatchObject({ message: 'no database', cause: { code: 'ECONNREFUSED' } });
    expect(lines[0]).not.toMatch(/hunter2|parameters/);
  });
});

describe('frameworkLogger', () => {
  it('writes the narration of the framework as debug and its errors as errors', () => {
    const { logger, last } = capture();
    const framework = frameworkLogger(logger);
    framework.log('Nest application started', 'NestApplication');
    expect(last()).toMatchObject({ level: 'debug', msg: 'Nest application started', context: 'NestApplication' });
    framework.error('broken', 'at line 1', 'Injector');
    expect(last()).toMatchObject({ level: 'error', stack: 'at line 1', context: 'Injector' });
  });
});
