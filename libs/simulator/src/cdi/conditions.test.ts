import { describe, expect, it } from 'vitest';
import type { Condition, PersistentVolumeClaim } from '../kinds.ts';
import { annotation } from './annotations.ts';
import { dataVolumeConditions } from './conditions.ts';

const claim = (
  phase: 'Pending' | 'Bound' | 'Lost',
  annotations: Record<string, string> = {},
): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'd', namespace: 'n', annotations },
  spec: {},
  status: { phase },
});

function shown(conditions: readonly Condition[]): Record<string, string> {
  return Object.fromEntries(
    conditions.map(({ type, status, reason = '', message = '' }) => [type, `${status}/${reason} ${message}`.trim()]),
  );
}

const of = (phase: string, given?: PersistentVolumeClaim) =>
  shown(dataVolumeConditions([], phase, given, undefined, 't'));

describe('the conditions of a DataVolume', () => {
  it('say that there is no claim, or why there is none', () => {
    expect(of('Pending')).toEqual({ Ready: 'False/', Bound: 'False/NotFound No PVC found', Running: 'False/' });
    const missing = { reason: 'ErrExceededQuota', message: 'no more' };
    expect(shown(dataVolumeConditions([], 'Pending', undefined, missing, 't'))).toEqual({
      Ready: 'False/ErrExceededQuota no more',
      Bound: 'False/ErrExceededQuota no more',
      Running: 'False/',
    });
  });

  it('show the newest event of the claim while it is pending', () => {
    const told = {
      [annotation.bound]: 'false',
      [annotation.boundReason]: 'Pending',
      [annotation.boundMessage]: 'news',
    };
    expect(of('', claim('Pending')).Bound).toBe('False/Pending PVC d Pending');
    expect(of('', claim('Pending', told)).Bound).toBe('False/Pending target PVC d Pending and news');
    expect(of('Succeeded', claim('Bound', told)).Bound).toBe('False/Pending news');
    expect(of('Succeeded', claim('Bound')).Bound).toBe('True/Bound PVC d Bound');
  });

  it('are Ready only when all is done, even with a lost claim', () => {
    expect(of('Succeeded', claim('Lost'))).toMatchObject({ Ready: 'True/', Bound: 'False/ClaimLost Claim Lost' });
    expect(of('Unknown', claim('Bound')).Ready).toBe('Unknown/');
  });

  it('are not Ready while a pod runs, whatever the phase', () => {
    const running = { [annotation.running]: 'true', [annotation.runningReason]: 'Pod is running' };
    expect(of('Failed', claim('Lost', running))).toMatchObject({
      Ready: 'False/TransferRunning',
      Running: 'True/Pod is running',
    });
  });

  it('put an unschedulable pod above all that is known of it', () => {
    const annotations = { [annotation.podSchedulable]: 'false', [annotation.running]: 'true' };
    expect(of('ImportScheduled', claim('Pending', annotations)).Running).toBe(
      'False/Unschedulable Importer pod cannot be scheduled',
    );
  });

  it('move the transition time only when a status flips, the heartbeat with every change', () => {
    const first = dataVolumeConditions([], 'Pending', undefined, undefined, 't1');
    const second = dataVolumeConditions(first, 'Pending', claim('Pending'), undefined, 't2');
    const third = dataVolumeConditions(second, 'Succeeded', claim('Bound'), undefined, 't3');
    const bound = (conditions: readonly Condition[]) => conditions.find(({ type }) => type === 'Bound');
    expect(bound(second)).toMatchObject({ lastTransitionTime: 't1', lastHeartbeatTime: 't2' });
    expect(bound(third)).toMatchObject({ lastTransitionTime: 't3', lastHeartbeatTime: 't3' });
    expect(dataVolumeConditions(third, 'Succeeded', claim('Bound'), undefined, 't4')).toEqual(third);
  });
});
