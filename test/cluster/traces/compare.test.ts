import { describe, expect, it } from 'vitest';
import { describeDifference, differencesOf } from './compare.ts';
import { exceptions } from './exceptions.ts';
import { NOTHING } from './recording.ts';

describe('what a run tells', () => {
  const recorded = { 'VirtualMachine v': { printableStatus: ['- → Starting → Running', '- → Running'] } };
  const differences = (sequence: readonly string[]) =>
    differencesOf({ 'VirtualMachine v': { printableStatus: sequence } }, recorded);

  it('agrees when one of the recorded runs told the same', () => {
    expect(differences(['-', 'Running'])).toEqual([]);
    expect(differences(['-', 'Starting', 'Running'])).toEqual([]);
  });

  it('differs by a value that is missing, that is new, or that comes in another order', () => {
    expect(differences(['-', 'Starting'])).toHaveLength(1);
    expect(differences(['-', 'Stopped', 'Running'])).toHaveLength(1);
    expect(differences(['-', 'Running', 'Starting'])).toHaveLength(1);
  });

  it('differs by an object and by a fact that only one side has', () => {
    expect(differencesOf({}, recorded)).toMatchObject([{ object: 'VirtualMachine v', told: NOTHING }]);
    const told = { 'VirtualMachine v': { printableStatus: ['-', 'Running'] }, 'Pod p': { phase: ['Running'] } };
    expect(differencesOf(told, recorded)).toMatchObject([{ object: 'Pod p', recorded: [NOTHING], told: 'Running' }]);
  });

  it('is described with both sides', () => {
    const [difference] = differences(['-', 'Stopped']);
    expect(difference && describeDifference(difference)).toBe(
      'VirtualMachine v: printableStatus\n  real: - → Starting → Running\n  real: - → Running\n  told: - → Stopped',
    );
  });
});

describe('an exception', () => {
  it('takes moments out of both sides that may be missed', () => {
    const recorded = { 'DataVolume d': { phase: ['- → Pending → ImportScheduled → ImportInProgress → Succeeded'] } };
    const told = (sequence: readonly string[]) => differencesOf({ 'DataVolume d': { phase: sequence } }, recorded);
    expect(told(['-', 'ImportInProgress', 'Succeeded'])).toEqual([]);
    expect(told(['-', 'ImportInProgress', 'Failed'])).toHaveLength(1);
  });

  it('lets an object that only had such moments be away', () => {
    const recorded = { 'DataVolume d': { progress: ['- → percent'] } };
    expect(differencesOf({ 'DataVolume d': {} }, recorded)).toEqual([]);
  });

  it('has a reason, and is of use: its patterns are not those of another', () => {
    for (const { why } of exceptions) expect(why.length).toBeGreaterThan(20);
    const keys = exceptions.map(({ object, fact, moments }) => `${object} ${fact} ${moments}`);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
