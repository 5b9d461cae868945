/**
 * One suite for all four clusters: CLUSTER_COMBINATION names the one that this run is for. Without it the run is part of
 * `npm test` and takes our server and our controllers; `npm run test:cluster` runs the others and prints the matrix.
 */
import { afterAll, beforeAll, describe, vi } from 'vitest';
import { nameOf } from '../combination/combination.ts';
import { diskCases } from './disk-cases.ts';
import { faultCases } from './fault-cases.ts';
import { machineCases } from './machine-cases.ts';
import { manifestCases } from './manifest-cases.ts';
import { powerCases } from './power-cases.ts';
import { roleCases } from './role-cases.ts';
import { serverCases } from './server-cases.ts';
import { chosenCombination, Stage } from './stage.ts';

// Real processes on a machine that may be busy with other tests: patience, not a measure.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000, maxConcurrency: 6 });

describe(nameOf(chosenCombination()), () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.open();
  });
  afterAll(() => stage?.close());
  const current = () => stage;

  serverCases(current);
  manifestCases(current);
  diskCases(current);
  machineCases(current);
  powerCases(current);
  faultCases(current);
  roleCases(current);
});
