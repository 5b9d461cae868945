import { describe, expect, it } from 'vitest';
import { lastWord } from './last-word.ts';

describe('the reason for an end', () => {
  it('is the message of the last logged error, in one line and without its stack', () => {
    const err = { type: 'Error', message: 'connect ECONNREFUSED\nand more', stack: 'Error: connect\n    at x' };
    const lines = [
      JSON.stringify({ level: 'fatal', err, msg: 'the worker could not start' }),
      JSON.stringify({ level: 'info', msg: 'stopped' }),
    ];
    expect(lastWord(lines)).toBe('connect ECONNREFUSED');
  });

  it('is the error that nobody caught, not the frames around it', () => {
    const lines = [
      'file:///x.js:1',
      'throw',
      '^',
      '',
      'TypeError: no such part.',
      '    at y (x.js:1)',
      '',
      'Node.js v24',
    ];
    expect(lastWord(lines)).toBe('TypeError: no such part');
  });

  it('is the last line otherwise, and nothing when no reason was given', () => {
    expect(lastWord(['one', '{ two', ''])).toBe('{ two');
    expect(lastWord([])).toBeUndefined();
    expect(lastWord([JSON.stringify({ level: 'info', msg: 'stopped' })])).toBeUndefined();
  });
});
