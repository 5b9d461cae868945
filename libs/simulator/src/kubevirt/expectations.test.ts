import { expect, test } from 'vitest';
import { Expectations } from './expectations.ts';
import { sampleVmi } from './sample-objects.ts';

const vmi = sampleVmi();
const going = sampleVmi({}, { deletionTimestamp: '2026-01-01T00:00:00Z' });

test('a creation is expected until an object of that uid is seen', () => {
  const expectations = new Expectations();
  expectations.expectCreation('ns/v', 'vmi-uid', undefined);
  expectations.observe('ns/v', sampleVmi({}, { uid: 'older' }));
  expect(expectations.areMet('ns/v')).toBe(false);
  expectations.observe('ns/v', vmi);
  expect(expectations.areMet('ns/v')).toBe(true);
});

test('what the informer saw before the call was answered is not expected any more', () => {
  const expectations = new Expectations();
  expectations.expectCreation('ns/v', 'vmi-uid', vmi);
  expect(expectations.areMet('ns/v')).toBe(true);
  expectations.expectDeletion('ns/v', 'vmi-uid', going);
  expect(expectations.areMet('ns/v')).toBe(true);
});

test('a deletion is expected until the object is going, gone or another one', () => {
  for (const seen of [going, undefined, sampleVmi({}, { uid: 'newer' })]) {
    const expectations = new Expectations();
    expectations.expectDeletion('ns/v', 'vmi-uid', vmi);
    expect(expectations.isDeletionExpected('ns/v')).toBe(true);
    expectations.observe('ns/v', seen);
    expect(expectations.isDeletionExpected('ns/v')).toBe(false);
  }
});
