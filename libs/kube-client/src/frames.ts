// Cuts a byte stream into lines. Chunks are kept as they came until a newline arrives, so a frame of megabytes costs one copy.

const newline = 0x0a;

/** Yields each complete line of a stream of chunks, without its newline; empty lines are left out. */
export async function* lines(chunks: AsyncIterable<Uint8Array>, onBytes: () => void): AsyncGenerator<string> {
  let pending: Uint8Array[] = [];
  for await (const chunk of chunks) {
    onBytes();
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const last = chunk.subarray(start, end);
      const line = pending.length === 0 ? last : Buffer.concat([...pending, last]);
      pending = [];
      start = end + 1;
      if (line.length > 0) yield Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString('utf8');
    }
    if (start < chunk.length) pending.push(chunk.subarray(start));
  }
}
