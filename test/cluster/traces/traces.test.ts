/**
 * The stories of a cluster, told by the controllers of a combination and compared with `recorded.txt`: what the real ones were
 * seen to tell. Where ours differ, ours are wrong. `npm run test:cluster -- --traces` runs it with both, one after the other;
 * with `--record` the real ones add what they tell to the recording.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { nameOf } from '../combination/combination.ts';
import { notRun } from '../conformance/not-run.ts';
import { chosenCombination } from '../conformance/stage.ts';
import { type Difference, describeDifference, differencesOf } from './compare.ts';
import { diskStories } from './disk-stories.ts';
import { machineStories } from './machine-stories.ts';
import { parseRecording, printRecording, record } from './recording.ts';
import type { Trace } from './trace.ts';
import { type Place, TraceStage } from './trace-stage.ts';

vi.setConfig({ testTimeout: 400_000, hookTimeout: 120_000, maxConcurrency: 6 });

const RECORDED = new URL('recorded.txt', import.meta.url);
const STORIES = { ...diskStories, ...machineStories };
/** What is a race differs no more when the story is told again. */
const TELLINGS = 3;

const combination = chosenCombination();
const isRecording = process.env.CLUSTER_RECORD !== undefined && combination.controllers === 'real';
const recording = parseRecording(existsSync(RECORDED) ? readFileSync(RECORDED, 'utf8') : '');

describe.concurrent(nameOf(combination), () => {
  let stage: TraceStage;
  beforeAll(async () => {
    stage = await TraceStage.open(combination, process.env.CLUSTER_PIECES);
  });
  afterAll(async () => {
    await stage?.close();
    if (isRecording) writeFileSync(RECORDED, printRecording(recording));
  });

  const tell = async (play: (place: Place) => Promise<void>): Promise<Trace> => {
    const place = await stage.place();
    await play(place).catch(async (error: unknown) => {
      const told = {};
      record({ told }, 'told', await place.trace());
      throw new Error(`${error instanceof Error ? error.message : error}\n${printRecording({ told })}`, {
        cause: error,
      });
    });
    return place.trace();
  };

  it.for(Object.entries(STORIES))('the controllers tell how %s', async ([story, play], context) => {
    if (isRecording) {
      // One after the other: real controllers that are hurried leave out what they would tell.
      for (let times = 0; times < TELLINGS; times += 1) record(recording, story, await tell(play));
      return;
    }
    const recorded = recording[story];
    if (recorded === undefined) notRun(context, 'nothing is recorded of it yet: npm run test:cluster -- --record');
    let left: Difference[] | undefined;
    for (let times = 0; times < TELLINGS && left?.length !== 0; times += 1) {
      const found = differencesOf(await tell(play), recorded);
      left = left === undefined ? found : stillThere(left, found);
    }
    expect(left?.map(describeDifference).join('\n')).toBe('');
  });
});

/** Of the differences of another telling those that are not new. */
function stillThere(before: readonly Difference[], now: readonly Difference[]): Difference[] {
  return now.filter(({ object, fact }) => before.some((one) => one.object === object && one.fact === fact));
}
