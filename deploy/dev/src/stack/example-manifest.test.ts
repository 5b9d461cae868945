import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { writeExampleManifest } from './example-manifest.ts';
import { REPOSITORY, stateFolder } from './state-folder.ts';

const path = mkdtempSync(join(tmpdir(), 'example-'));
afterEach(() => rmSync(path, { recursive: true, force: true }));

it('the written example differs from the specification’s in the address of the image alone', () => {
  const folder = stateFolder({ DEV_DIR: path });
  writeExampleManifest(folder, 'http://127.0.0.1:4711/');
  const lines = (file: string) => readFileSync(file, 'utf8').split('\n');
  const original = lines(join(REPOSITORY, 'deploy/dev/manifests/examples/production-complete.yaml'));
  const different = lines(folder.manifest).filter((line, index) => line !== original[index]);
  expect(different).toHaveLength(1);
  expect(different[0]).toContain('url: "http://127.0.0.1:4711/ubuntu.qcow2');
});
