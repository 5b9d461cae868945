import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { linesOfFile } from './file-lines.ts';

test.each([
  ['with a newline at the end', 'a\nb\n', ['a', 'b']],
  ['without one', 'a\nb', ['a', 'b']],
  ['with the newlines of Windows', 'a\r\nb\r\n', ['a', 'b']],
  ['with lines longer than what is read at once', `${'ä'.repeat(300_000)}\nb\n`, ['ä'.repeat(300_000), 'b']],
])('a file %s is read line by line', async (_what, text, lines) => {
  const folder = mkdtempSync(join(tmpdir(), 'lines-'));
  const path = join(folder, 'file');
  writeFileSync(path, text);
  const read: string[] = [];
  for await (const line of linesOfFile(path)) read.push(line);
  expect(read).toEqual(lines);
  rmSync(folder, { recursive: true });
});
