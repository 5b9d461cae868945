/** Writes the specification's example with the image that the stack serves itself, for machines without internet. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY, type StateFolder } from './state-folder.ts';

const EXAMPLE = join(REPOSITORY, 'deploy/dev/manifests/examples/production-complete.yaml');
const REMOTE_IMAGE = /"https:\/\/[^"]+\.img"/;

/** Slow enough to watch the download, quick enough to wait for it. */
const IMAGE = 'ubuntu.qcow2?bytesPerSecond=12000000';

/** The rest of the file is byte for byte the example. */
export function writeExampleManifest(folder: StateFolder, images: string): void {
  const example = readFileSync(EXAMPLE, 'utf8');
  const changed = example.replace(REMOTE_IMAGE, JSON.stringify(new URL(IMAGE, images).href));
  if (changed === example) throw new Error(`${EXAMPLE} names no image of the internet to be replaced.`);
  writeFileSync(folder.manifest, changed);
}
