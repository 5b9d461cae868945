import { expect, it } from 'vitest';
import { matrixOf } from './matrix.ts';

it('has a row for each case and a column for each cluster, and says why something was not run', () => {
  const { lines, passed, failed } = matrixOf([
    { name: 'ours/ours', cases: [passing('a disk grows'), { name: 'a disk fails', status: 'failed' }] },
    {
      name: 'ours/real',
      cases: [passing('a disk grows'), { name: 'a disk fails', status: 'not run', reason: 'no webhook' }],
    },
    { name: 'real/real', notRun: 'Go is not installed.' },
  ]);
  expect(lines).toEqual([
    '',
    'case          ours/ours  ours/real  real/real',
    'a disk grows  pass       pass       -',
    'a disk fails  FAIL       -          -',
    '',
    'ours/real: "a disk fails" was not run: no webhook',
    'real/real was not run: Go is not installed.',
  ]);
  expect({ passed, failed }).toEqual({ passed: 2, failed: 1 });
});

const passing = (name: string) => ({ name, status: 'passed' as const });
