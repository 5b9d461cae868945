import { describe, expect, test } from 'vitest';
import type { RunStrategy, StateChangeRequest, VmiStatus } from './objects.ts';
import { decideRun, isFirstRequestDone } from './run-strategy.ts';
import { sampleVm, sampleVmi } from './sample-objects.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');
const start: StateChangeRequest[] = [{ action: 'Start' }];
const stop: StateChangeRequest[] = [{ action: 'Stop', uid: 'vmi-uid' }];

interface Row {
  strategy: RunStrategy;
  vmi?: VmiStatus['phase'];
  deleting?: boolean;
  requests?: StateChangeRequest[];
  seenStrategy?: string;
  expected: string;
}

const rows: [string, Row][] = [
  ['Always starts what is not there', { strategy: 'Always', expected: 'start' }],
  ['Always leaves a running guest alone', { strategy: 'Always', vmi: 'Running', expected: 'none' }],
  ['Always removes a guest that powered itself off', { strategy: 'Always', vmi: 'Succeeded', expected: 'stop' }],
  [
    'Always stops once, not again while the VMI is going',
    { strategy: 'Always', vmi: 'Failed', deleting: true, expected: 'none' },
  ],
  ['Always restarts on a stop request', { strategy: 'Always', vmi: 'Running', requests: stop, expected: 'stop' }],
  ['Halted stops', { strategy: 'Halted', vmi: 'Running', expected: 'stop' }],
  ['Halted stays stopped', { strategy: 'Halted', expected: 'none' }],
  [
    'Halted with a left-over start request becomes Always',
    { strategy: 'Halted', requests: start, expected: 'set-always' },
  ],
  ['Manual waits for a request', { strategy: 'Manual', expected: 'none' }],
  ['Manual starts on request', { strategy: 'Manual', requests: start, expected: 'start' }],
  ['Manual stops on request', { strategy: 'Manual', vmi: 'Running', requests: stop, expected: 'stop' }],
  ['Manual keeps a guest that powered itself off', { strategy: 'Manual', vmi: 'Succeeded', expected: 'none' }],
  ['RerunOnFailure starts a new VM', { strategy: 'RerunOnFailure', expected: 'start' }],
  [
    'RerunOnFailure does not start again by itself',
    { strategy: 'RerunOnFailure', seenStrategy: 'RerunOnFailure', expected: 'none' },
  ],
  [
    'RerunOnFailure removes a failed guest and asks for a start',
    { strategy: 'RerunOnFailure', vmi: 'Failed', expected: 'stop+start' },
  ],
  ['RerunOnFailure removes a finished guest', { strategy: 'RerunOnFailure', vmi: 'Succeeded', expected: 'stop' }],
  ['Once starts', { strategy: 'Once', expected: 'start' }],
  ['Once keeps what ended', { strategy: 'Once', vmi: 'Failed', expected: 'none' }],
];

describe('run strategies', () => {
  test.each(rows)('%s', (_name, row) => {
    const status = {
      ...(row.requests === undefined ? {} : { stateChangeRequests: row.requests }),
      ...(row.seenStrategy === undefined ? {} : { runStrategy: row.seenStrategy }),
    };
    const vm = sampleVm({ runStrategy: row.strategy }, status);
    const deletion = row.deleting === true ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {};
    const vmi = row.vmi === undefined ? undefined : sampleVmi({ phase: row.vmi }, deletion);
    const decision = decideRun(vm, vmi, nowMs);
    const text = decision.kind === 'stop' && decision.requestStart ? 'stop+start' : decision.kind;
    expect(text).toBe(row.expected);
  });

  test('a start waits for the rest of the back-off', () => {
    const startFailure = {
      consecutiveFailCount: 1,
      lastFailedVMIUID: 'x',
      retryAfterTimestamp: '2026-01-01T00:00:10Z',
    };
    expect(decideRun(sampleVm({}, { startFailure }), undefined, nowMs)).toEqual({ kind: 'wait', delayMs: 10_000 });
  });

  test('a strategy nobody knows is named', () => {
    const decision = decideRun(sampleVm({ runStrategy: 'Sometimes' }), undefined, nowMs);
    expect(decision).toEqual({ kind: 'unknown-strategy', strategy: 'Sometimes' });
  });

  test('the deprecated running field is Always or Halted', () => {
    const { runStrategy: _none, ...spec } = sampleVm().spec;
    expect(decideRun({ ...sampleVm(), spec: { ...spec, running: true } }, undefined, nowMs).kind).toBe('start');
    expect(decideRun({ ...sampleVm(), spec: { ...spec, running: false } }, sampleVmi(), nowMs).kind).toBe('stop');
  });
});

describe('pending requests', () => {
  test('a stop request is done when its VMI is gone or another one is there', () => {
    const vm = sampleVm({}, { stateChangeRequests: stop });
    expect(isFirstRequestDone(vm, undefined)).toBe(true);
    expect(isFirstRequestDone(vm, sampleVmi({}, { uid: 'newer' }))).toBe(true);
    expect(isFirstRequestDone(vm, sampleVmi())).toBe(false);
  });

  test('a start request is done when a VMI lives, not while one is going', () => {
    const vm = sampleVm({}, { stateChangeRequests: start });
    expect(isFirstRequestDone(vm, sampleVmi({ phase: 'Pending' }))).toBe(true);
    expect(isFirstRequestDone(vm, sampleVmi({ phase: 'Failed' }))).toBe(false);
    expect(isFirstRequestDone(vm, sampleVmi({}, { deletionTimestamp: '2026-01-01T00:00:00Z' }))).toBe(false);
    expect(isFirstRequestDone(vm, undefined)).toBe(false);
  });
});
