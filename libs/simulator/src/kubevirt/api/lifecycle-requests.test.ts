import { describe, expect, test } from 'vitest';
import type { RunStrategy, StateChangeRequest } from '../objects.ts';
import { sampleVm, sampleVmi } from '../sample-objects.ts';
import { guestRefusal } from './guest-requests.ts';
import { restartVm, startVm, stopVm } from './lifecycle-requests.ts';

const vm = (runStrategy: RunStrategy, stateChangeRequests?: StateChangeRequest[]) =>
  sampleVm({ runStrategy }, stateChangeRequests === undefined ? {} : { stateChangeRequests });
const running = sampleVmi({ phase: 'Running' });
const stop: StateChangeRequest = { action: 'Stop', uid: 'vmi-uid' };
const start: StateChangeRequest = { action: 'Start' };
const refused = (message: string, status = 409) => ({ kind: 'refused', status, message });
const requests = (...list: StateChangeRequest[]) => ({ kind: 'patch-status', requests: list });

describe('start', () => {
  test.each([
    ['Always', refused('Always does not support manual start requests')],
    ['Once', refused('Once does not support manual start requests')],
    ['Halted', { kind: 'patch-spec', patch: { runStrategy: 'Always' } }],
    ['Manual', requests(start)],
    ['RerunOnFailure', requests(start)],
  ] as const)('of a stopped %s machine', (strategy, expected) => {
    expect(startVm(vm(strategy), undefined, {})).toEqual(expected);
  });

  test('of a running machine is refused', () => {
    expect(startVm(vm('Manual'), running, {})).toEqual(refused('VM is already running'));
  });

  test('paused is a request even when halted', () => {
    expect(startVm(vm('Halted'), undefined, { paused: true })).toEqual(
      requests({ action: 'Start', data: { paused: 'true' } }),
    );
  });

  test('of a machine whose VMI has ended removes that first', () => {
    const ended = sampleVmi({ phase: 'Succeeded' });
    expect(startVm(vm('Manual'), ended, {})).toEqual(requests(stop, start));
    expect(startVm(vm('RerunOnFailure'), sampleVmi({ phase: 'Failed' }), {})).toEqual(
      refused('RerunOnFailure does not support starting VM from failed state'),
    );
  });
});

describe('stop', () => {
  test.each([
    ['Always', { kind: 'patch-spec', patch: { runStrategy: 'Halted' } }],
    ['Once', { kind: 'patch-spec', patch: { runStrategy: 'Halted' } }],
    ['Manual', requests(stop)],
    ['RerunOnFailure', requests(stop)],
    ['Halted', refused('Halted only supports manual stop requests with a shorter graceperiod')],
  ] as const)('of a running %s machine', (strategy, expected) => {
    expect(stopVm(vm(strategy), running, {})).toEqual(expected);
  });

  test('of a stopped machine is refused', () => {
    expect(stopVm(vm('Manual'), undefined, {})).toEqual(refused('VM is not running'));
  });

  test('with a shorter grace period works on a halted machine', () => {
    expect(stopVm(vm('Halted'), running, { gracePeriod: 0 })).toEqual(requests(stop));
  });

  test('replaces what is pending', () => {
    expect(stopVm(vm('Manual', [stop, start]), running, {})).toEqual(requests(stop));
  });

  test('of a machine with the deprecated field writes that field', () => {
    const { runStrategy: _none, ...spec } = sampleVm().spec;
    const old = { ...sampleVm(), spec: { ...spec, running: true } };
    expect(stopVm(old, running, {})).toEqual({ kind: 'patch-spec', patch: { running: false } });
  });
});

describe('restart', () => {
  test('is a stop and a start', () => {
    expect(restartVm(vm('Always'), running, {})).toEqual(requests(stop, start));
  });

  test.each([
    ['Halted', undefined, {}, refused('RunStategy Halted does not support manual restart requests')],
    ['Once', running, {}, refused('RunStategy Once does not support manual restart requests')],
    ['Always', undefined, {}, refused('VM is not running: Halted')],
    [
      'Always',
      running,
      { gracePeriodSeconds: 5 },
      refused('For force restart, only gracePeriod=0 is supported for now', 400),
    ],
    ['Always', running, { gracePeriodSeconds: -1 }, refused('gracePeriod has to be greater or equal to 0', 400)],
  ] as const)('of a %s machine can be refused', (strategy, vmi, options, expected) => {
    expect(restartVm(vm(strategy), vmi, options)).toEqual(expected);
  });

  test('while something is pending is an error of the server', () => {
    expect(restartVm(vm('Always', [stop, start]), running, {})).toEqual(
      refused('unable to complete request: stop/start already underway', 500),
    );
  });
});

describe('guests', () => {
  const paused = sampleVmi({ phase: 'Running', conditions: [{ type: 'Paused', status: 'True' }] });
  const starting = sampleVmi({ phase: 'Scheduling' });
  const rows = [
    ['pause', running, undefined],
    ['pause', starting, 'VM is not running'],
    ['pause', paused, 'VMI is already paused'],
    ['unpause', paused, undefined],
    ['unpause', running, 'VMI is not paused'],
    ['unpause', starting, 'VMI is not running'],
    ['softreboot', running, undefined],
    ['softreboot', paused, 'VMI is paused'],
    ['softreboot', starting, 'VM is not running'],
  ] as const;

  test.each(rows)('%s', (verb, vmi, message) => {
    expect(guestRefusal(verb, vmi, undefined)?.message).toBe(message);
  });

  test('a guest with a liveness probe cannot be paused', () => {
    const probed = { ...running, spec: { ...running.spec, livenessProbe: {} } };
    expect(guestRefusal('pause', probed, undefined)).toMatchObject({ status: 403 });
  });
});
