// For tests: opens stages and image sources and closes them when the test is over, in reverse order.
import { afterEach } from 'vitest';
import { ImageSource, type Serve } from './image-source.ts';
import { Stage, type StageOptions } from './stage.ts';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

export async function stageOf(options: StageOptions = {}): Promise<Stage> {
  const stage = await Stage.open(options);
  open.push(stage);
  return stage;
}

export async function sourceOf(serve: Serve): Promise<ImageSource> {
  const source = await ImageSource.open(serve);
  open.push(source);
  return source;
}
