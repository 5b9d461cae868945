import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startProcess } from './stack-process.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stack-process-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function settings(code: string) {
  const script = join(folder, 'part.mjs');
  writeFileSync(script, code);
  return {
    name: 'part',
    command: [script],
    env: { GREETING: 'hello' },
    logFile: join(folder, 'part.log'),
    readyFrom: (line: Record<string, unknown>) => (line.msg === 'part.ready' ? line : undefined),
  };
}

const READY = 'console.log(JSON.stringify({ msg: "part.ready", port: 7, greeting: process.env.GREETING }));';

describe('startProcess', () => {
  it('resolves with what the process says of itself when it is ready, and stops it', async () => {
    const part = await startProcess(settings(`console.log("{ not json"); ${READY} setInterval(() => {}, 1000);`));
    expect(part.ready).toMatchObject({ port: 7, greeting: 'hello' });
    await part.stop();
    expect(await part.ended).toBe('SIGTERM');
  });

  it('is not misled by what an earlier process wrote into the same log', async () => {
    const first = await startProcess(settings(`${READY} setInterval(() => {}, 1000);`));
    await first.stop();
    await expect(startProcess(settings('console.log("no"); process.exit(3);'))).rejects.toThrow(
      /^The part ended \(3\) before it was ready \(no\); its log is .*part\.log\.$/,
    );
    expect(readFileSync(join(folder, 'part.log'), 'utf8')).toContain('part.ready');
  });

  it('gives up after the time, says why with the last words, and leaves no process', async () => {
    const silent = settings('console.error("waiting for nothing"); setInterval(() => {}, 1000);');
    const failure = startProcess({ ...silent, patienceMs: 1_500 });
    await expect(failure).rejects.toThrow(/^The part was not ready within 1.5 s \(waiting for nothing\); its log/);
  });
});
