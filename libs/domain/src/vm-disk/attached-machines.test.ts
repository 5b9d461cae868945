import { expect, it } from 'vitest';
import { attachedMachines } from './attached-machines.ts';

it.each([
  ['a machine that names a free disk', false, [], ['b'], ['b']],
  ['who has it, not who waits for it', false, ['a'], ['b'], ['a']],
  ['everybody for an optical disk', true, ['a'], ['b', 'a'], ['a', 'b']],
  ['nobody', false, [], [], []],
])('a disk is attached to %s', (_who, optical, heldBy, namedBy, expected) => {
  expect(attachedMachines({ optical, heldBy, namedBy })).toEqual(expected);
});
