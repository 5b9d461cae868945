import { describe, expect, it } from 'vitest';
import { formatTraceparent, parseTraceparent, startSpan } from './traceparent.ts';

const header = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('traceparent', () => {
  it('reads what it writes', () => {
    const context = parseTraceparent(header);
    expect(context).toEqual({ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', sampled: true });
    expect(context && formatTraceparent(context)).toBe(header);
  });

  it.each([
    ['nothing', undefined],
    ['zero trace id', '00-00000000000000000000000000000000-00f067aa0ba902b7-01'],
    ['zero span id', '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01'],
    ['the forbidden version', header.replace(/^00/, 'ff')],
    ['upper case', header.toUpperCase()],
    ['more fields than version 00 has', `${header}-x`],
  ])('takes %s for no trace', (_, text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });

  it('accepts more fields of a later version', () => {
    expect(parseTraceparent(`${header.replace(/^00/, '01')}-x`)?.sampled).toBe(true);
  });

  it('stays in the trace of the parent with a span of its own', () => {
    const parent = parseTraceparent(header);
    const span = startSpan(parent);
    expect(span.traceId).toBe(parent?.traceId);
    expect(span.spanId).not.toBe(parent?.spanId);
    expect(startSpan().traceId).toMatch(/^[0-9a-f]{32}$/);
  });
});
