import { afterEach, describe, expect, it } from 'vitest';
import { expectStory } from './expect-story.ts';
import { ImageSource, Valve } from './image-source.ts';
import { Stage, type StageOptions } from './stage.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function stageOf(options: StageOptions = {}): Promise<Stage> {
  const stage = await Stage.open(options);
  open.push(stage);
  return stage;
}

async function sourceOf(serve: Parameters<typeof ImageSource.open>[0]): Promise<ImageSource> {
  const source = await ImageSource.open(serve);
  open.push(source);
  return source;
}

describe('an import from HTTP', () => {
  it('tells the story D1: storage, CSI class, real progress', async () => {
    const stage = await stageOf();
    const valve = new Valve(100_000);
    const source = await sourceOf(valve.serve);
    await stage.dataVolume('d', { http: { url: source.url() } });
    await valve.opened();
    await stage.until('progress begins', () => stage.latest('d')?.status?.progress === '0.00%');
    for (const percent of [0.5, 13.37, 42, 99.9]) {
      valve.sendUpTo(percent);
      await stage.until(`${percent}`, () => stage.latest('d')?.status?.progress === `${percent.toFixed(2)}%`);
    }
    valve.sendUpTo(100);
    await stage.succeeds('d');
    expectStory(stage.story('d'), [
      'Pending | False/Pending | False | False',
      '?ImportScheduled | False/Pending | False | False',
      '?ImportScheduled | False/Pending | False/ContainerCreating | False',
      'ImportInProgress | False/Pending | True/Pod is running | False/TransferRunning',
      '?Succeeded | False/Pending | False/Completed | True',
      'Succeeded | True/Bound | False/Completed | True',
    ]);
    expect(stage.progress('d')).toEqual(['N/A', '0.00%', '0.50%', '13.37%', '42.00%', '99.90%', '100.0%']);
    expect(stage.condition('d', 'Running')?.message).toBe('Import Complete');
    expect(stage.errors).toEqual([]);
  });
});
