/** The lines of a file, one after the other, in memory that does not grow with it. */
import { createReadStream } from 'node:fs';

const CHUNK_BYTES = 1 << 18;

/** Without their newline. Throws what reading throws. */
export async function* linesOfFile(path: string): AsyncGenerator<string> {
  let rest = '';
  const chunks: AsyncIterable<string> = createReadStream(path, { encoding: 'utf8', highWaterMark: CHUNK_BYTES });
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split(/\r?\n/);
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
