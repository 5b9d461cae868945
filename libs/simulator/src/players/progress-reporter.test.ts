import { describe, expect, it } from 'vitest';
import { Clock } from '../clock.ts';
import { pods } from '../kinds.ts';
import { progressAnnotation } from '../pod-channel.ts';
import { stageOf } from '../stories/use-stage.ts';
import { ProgressReporter } from './progress-reporter.ts';

describe('the progress of a pod', () => {
  it('is told soon at first, later only once per interval, and the last figure always', async () => {
    const stage = await stageOf();
    const pod = await stage.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: stage.namespace },
      spec: { containers: [{ name: 'c' }], nodeSelector: { nowhere: 'true' } },
    });
    const told: (string | undefined)[] = [];
    stage.informers.of(pods).onChange(({ object }) => {
      const percent = object.metadata.annotations?.[progressAnnotation];
      if (percent !== told.at(-1)) told.push(percent);
    });
    const reporter = new ProgressReporter({
      client: stage.client,
      clock: new Clock(50),
      pod,
      intervalMs: 2_000,
      mayTell: () => true,
      onError: (error) => stage.errors.push(error),
    });
    reporter.set(0);
    await stage.until('the first is told', () => told.includes('0.00'));
    for (let percent = 1; percent <= 70; percent += 1) reporter.set(percent);
    await stage.until('the last is told', () => told.includes('70.00'));
    await reporter.close();
    expect(told).toEqual(['0.00', '70.00']);
  });
});
