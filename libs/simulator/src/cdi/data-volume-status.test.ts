import { describe, expect, it } from 'vitest';
import type { ClaimPhase, PersistentVolumeClaim } from '../kinds.ts';
import { annotation } from './annotations.ts';
import { nextStatus, type StatusInputs } from './data-volume-status.ts';

const claimOf = (phase: ClaimPhase, annotations: Record<string, string> = {}): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'd', namespace: 'n', annotations },
  spec: {},
  status: { phase },
});

const populated = (annotations: Record<string, string> = {}) =>
  claimOf('Pending', { [annotation.usePopulator]: 'true', ...annotations });
const prime = (phase: ClaimPhase) => claimOf(phase, { [annotation.importPod]: 'importer' });

function phaseAfter(current: string, inputs: Partial<StatusInputs>): string | undefined {
  const previous = current === '' ? {} : { phase: current };
  return nextStatus({
    previous,
    claim: undefined,
    filled: inputs.claim,
    work: 'import',
    waitsForConsumer: false,
    adopted: false,
    now: 't',
    ...inputs,
  }).phase;
}

describe('the phase of an import with populators', () => {
  it('stays empty or Pending until the prime claim is bound, then jumps to the pod', () => {
    const pod = (phase: string) => populated({ [annotation.podPhase]: phase });
    expect(phaseAfter('', {})).toBe('Pending');
    expect(phaseAfter('', { claim: pod('Pending'), filled: prime('Pending') })).toBeUndefined();
    expect(phaseAfter('Pending', { claim: pod('Pending'), filled: prime('Pending') })).toBe('Pending');
    expect(phaseAfter('', { claim: pod('Pending'), filled: prime('Bound') })).toBe('ImportScheduled');
    expect(phaseAfter('Pending', { claim: pod('Running'), filled: prime('Bound') })).toBe('ImportInProgress');
  });

  it('goes back to ImportScheduled when the importer was evicted', () => {
    const claim = populated({ [annotation.podPhase]: 'Failed' });
    expect(phaseAfter('ImportInProgress', { claim, filled: prime('Bound') })).toBe('ImportScheduled');
  });

  it('is not changed by a lost prime claim', () => {
    const claim = populated({ [annotation.podPhase]: 'Running' });
    expect(phaseAfter('ImportInProgress', { claim, filled: prime('Lost') })).toBe('ImportInProgress');
  });

  it('is Succeeded before the claim is bound, and never anything else afterwards', () => {
    const claim = populated({ [annotation.podPhase]: 'Succeeded' });
    expect(phaseAfter('ImportInProgress', { claim, filled: prime('Bound') })).toBe('Succeeded');
    expect(phaseAfter('Succeeded', {})).toBe('Succeeded');
    expect(phaseAfter('Succeeded', { claim: claimOf('Lost') })).toBe('Succeeded');
  });

  it('is Failed when what was read is not what was asked for', () => {
    const claim = populated({ [annotation.podPhase]: 'Failed', [annotation.fatalError]: 'true' });
    expect(phaseAfter('ImportInProgress', { claim, filled: prime('Bound') })).toBe('Failed');
  });

  it('is PendingPopulation until a consumer chose a node, unless binding at once was asked for', () => {
    const waiting = { waitsForConsumer: true, filled: undefined };
    expect(phaseAfter('', { claim: populated(), ...waiting })).toBe('PendingPopulation');
    const chosen = populated({ [annotation.selectedNode]: 'node1' });
    expect(phaseAfter('PendingPopulation', { claim: chosen, ...waiting })).toBe('PendingPopulation');
    expect(phaseAfter('', { claim: populated({ [annotation.immediateBinding]: '' }), ...waiting })).toBeUndefined();
  });
});

describe('the phase of an import without populators', () => {
  it('waits for its consumer, is bound, and follows the pod', () => {
    expect(phaseAfter('', { claim: claimOf('Pending'), waitsForConsumer: true })).toBe('WaitForFirstConsumer');
    expect(phaseAfter('WaitForFirstConsumer', { claim: claimOf('Bound'), waitsForConsumer: true })).toBe('PVCBound');
    const known = claimOf('Bound', { [annotation.importPod]: 'importer' });
    expect(phaseAfter('PVCBound', { claim: known })).toBe('ImportScheduled');
  });

  it('is Failed when the claim is lost', () => {
    expect(phaseAfter('ImportInProgress', { claim: claimOf('Lost') })).toBe('Failed');
  });
});

describe('the phase of a claim that was there before', () => {
  it('is Succeeded when it is adopted', () => {
    expect(phaseAfter('', { claim: claimOf('Bound'), adopted: true })).toBe('Succeeded');
  });
});

describe('the rest of the status', () => {
  it('counts restarts upwards only, and leaves 0 out', () => {
    const inputs = { work: 'import', waitsForConsumer: false, adopted: false, now: 't' } as const;
    const claim = claimOf('Bound', { [annotation.podRestarts]: '0' });
    expect(nextStatus({ ...inputs, previous: {}, claim, filled: claim }).restartCount).toBeUndefined();
    const later = claimOf('Bound', { [annotation.podRestarts]: '4' });
    expect(nextStatus({ ...inputs, previous: {}, claim: later, filled: later }).restartCount).toBe(4);
    expect(nextStatus({ ...inputs, previous: { restartCount: 4 }, claim, filled: claim }).restartCount).toBe(4);
  });
});
