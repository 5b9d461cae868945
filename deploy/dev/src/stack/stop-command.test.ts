import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createStateFolder, stateEntries, stateFolder } from './state-folder.ts';
import { resetCommand } from './stop-command.ts';

let path: string;
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'reset-'));
});
afterEach(() => rmSync(path, { recursive: true, force: true }));

/** A folder with everything in it that a stack makes, as if its processes had been killed. */
function usedFolder() {
  const folder = stateFolder({ DEV_DIR: path });
  createStateFolder(folder);
  const { stackFile, postgres, redis, logs, cluster } = folder;
  for (const entry of [postgres, redis]) mkdirSync(entry);
  const folders = [postgres, redis, logs, cluster, stackFile];
  for (const entry of stateEntries(folder)) if (!folders.includes(entry)) writeFileSync(entry, '');
  for (const remains of ['lock', '4242']) writeFileSync(`${stackFile}.${remains}`, '');
  return folder;
}

describe('reset', () => {
  it('removes everything that a stack makes, and the folder', async () => {
    const folder = usedFolder();
    expect(readdirSync(path)).toEqual(expect.arrayContaining(['kube.crt', 'kube.key', 'kubeconfig', 'supervisor.pid']));
    await resetCommand(folder);
    expect(() => readdirSync(path)).toThrow('ENOENT');
  });

  it('leaves what it did not make', async () => {
    const folder = usedFolder();
    const own = ['kubeconfig.mine', 'notes.txt', 'stack.json.backup'];
    for (const name of own) writeFileSync(join(path, name), '');
    await resetCommand(folder);
    expect(readdirSync(path).sort()).toEqual(own);
  });
});
