import { describe, expect, it } from 'vitest';
import type { ContainerStatus, Pod } from '../kinds.ts';
import { annotation } from './annotations.ts';
import { annotationsFromPod, isFatal, needsScratch, wasOutOfMemory } from './pod-annotations.ts';

function podOf(container?: Partial<ContainerStatus>, conditions: NonNullable<Pod['status']>['conditions'] = []): Pod {
  const whole = { name: 'importer', image: 'cdi:1', ready: false, restartCount: 0, ...container };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'importer', namespace: 'n' },
    spec: { containers: [{ name: 'importer' }] },
    status: { phase: 'Running', conditions, ...(container === undefined ? {} : { containerStatuses: [whole] }) },
  };
}

function running(container: Partial<ContainerStatus>): string {
  const written = annotationsFromPod(podOf(container), {});
  return `${written[annotation.running]}/${written[annotation.runningReason]} ${written[annotation.runningMessage]}`;
}

const failed = { terminated: { exitCode: 1, reason: 'Error', message: 'it broke' } };

describe('what a transfer pod says', () => {
  it('is nothing but whether it can be scheduled, before it has containers', () => {
    expect(annotationsFromPod(podOf(), {})).toEqual({ [annotation.podSchedulable]: 'true' });
    const refused = podOf(undefined, [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }]);
    expect(annotationsFromPod(refused, {})[annotation.podSchedulable]).toBe('false');
  });

  it('is the state of its container, in CDI’s words', () => {
    expect(running({ state: { running: {} } })).toBe('true/Pod is running ');
    expect(running({ state: { waiting: { reason: 'ContainerCreating' } } })).toBe('false/ContainerCreating ');
    expect(running({ state: failed })).toBe('false/Error it broke');
    const done = { exitCode: 0, reason: 'Completed', message: '{"message":"Import Complete"}' };
    expect(running({ state: { terminated: done } })).toBe('false/Completed Import Complete');
  });

  it('stays the last error while the container waits to be started again', () => {
    const state = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } };
    expect(running({ state, lastState: failed })).toBe('false/Error it broke');
  });

  it('names the image that cannot be pulled, where the kubelet says that nothing has started', () => {
    const state = { waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image' } };
    expect(running({ state, started: false })).toBe('false/ImagePullFailed failed to pull image: cdi:1');
    expect(running({ state })).toBe('false/ImagePullBackOff Back-off pulling image');
  });

  it('is shortened where the volume is too small', () => {
    const message =
      'Unable to process data: Virtual image size 5 is larger than the reported available storage 4. A larger PVC is required.';
    expect(running({ state: { terminated: { exitCode: 1, reason: 'Error', message } } })).toBe(
      'false/Error DataVolume too small to contain image',
    );
  });

  it('never counts restarts down', () => {
    const written = annotationsFromPod(podOf({ restartCount: 1, state: { running: {} } }), {
      [annotation.podRestarts]: '51',
    });
    expect(written[annotation.podRestarts]).toBe('51');
  });

  it('tells the ends apart that are not ends', () => {
    const ended = (message: string, exitCode = 0) => podOf({ state: { terminated: { exitCode, message } } });
    expect(needsScratch(ended('{"scratchSpaceRequired":true}'))).toBe(true);
    expect(isFatal(ended('{"message":"checksum mismatch: expected a, got b"}'))).toBe(true);
    expect(isFatal(ended('checksum mismatch', 1))).toBe(false);
    expect(wasOutOfMemory(podOf({ lastState: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }))).toBe(true);
  });
});
