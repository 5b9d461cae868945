/**
 * Base images for machines without a registry, made of the machine's own programs: each is copied to where it lies here, with
 * the libraries that `ldd` names. The one for building has a shell, a few tools, Node and npm; the one that the product runs on
 * has Node and nothing else, which proves that the images need no shell.
 */
import { cpSync, mkdirSync, readdirSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { outputOf, pathOf } from './commands.ts';
import type { Engine } from './engine.ts';
import { Missing } from './missing.ts';

export interface Bases {
  /** For `NODE_IMAGE`. */
  readonly building: string;
  /** For `RUNTIME_IMAGE`. */
  readonly running: string;
}

const BUILD_TOOLS = ['sh', 'bash', 'env', 'mkdir', 'cp', 'find', 'ls', 'sed', 'uname', 'dirname', 'basename'];
const NODE_PLACE = 'usr/local/bin/node';
const NPM_PLACE = 'usr/local/lib/node_modules/npm';

/** Throws `Missing` on a machine whose programs cannot be copied so. */
export async function makeLocalBases(engine: Engine, folder: string): Promise<Bases> {
  if (pathOf('ldd') === undefined || pathOf('npm') === undefined)
    throw new Missing(
      'Without a registry the base images are made of this machine’s programs, which needs ldd and npm.',
    );
  const building = await importRoot(engine, 'test/node-for-building', join(folder, 'building'), async (root) => {
    await copyNode(root);
    for (const tool of BUILD_TOOLS) await copyProgram(pathOf(tool) ?? '', root);
    await copyNativeLibraries(root);
    copyNpm(root);
  });
  const running = await importRoot(engine, 'test/node-alone', join(folder, 'running'), copyNode);
  return { building, running };
}

async function importRoot(
  engine: Engine,
  tag: string,
  root: string,
  fill: (root: string) => Promise<void>,
): Promise<string> {
  for (const name of ['tmp', 'etc', 'proc', 'sys', 'dev']) mkdirSync(join(root, name), { recursive: true });
  await fill(root);
  const archive = `${root}.tar`;
  await outputOf('tar', ['--numeric-owner', '--owner=0', '--group=0', '-C', root, '-cf', archive, '.']);
  await engine.docker(['import', '--change', 'ENV PATH=/usr/local/bin:/usr/bin:/bin', archive, tag]);
  rmSync(root, { recursive: true });
  rmSync(archive);
  return tag;
}

/** The Node that runs this, which is the one that the project pins. */
async function copyNode(root: string): Promise<void> {
  await copyLibraries(process.execPath, root);
  copyTo(process.execPath, join(root, NODE_PLACE));
}

async function copyProgram(path: string, root: string): Promise<void> {
  if (path === '')
    throw new Missing(`Without a registry the base images need ${BUILD_TOOLS.join(', ')} on this machine.`);
  await copyLibraries(path, root);
  copyTo(path, join(root, path));
  // `#!/bin/sh` and `#!/usr/bin/env` are asked for by these names, wherever the machine has them.
  const usual = join(root, path.endsWith('/env') ? 'usr/bin' : 'bin', path.slice(path.lastIndexOf('/') + 1));
  copyTo(path, usual);
}

async function copyLibraries(program: string, root: string): Promise<void> {
  const listed = await outputOf('ldd', [realpathSync(program)]);
  for (const [, path] of listed.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)) copyTo(path ?? '', join(root, path ?? ''));
}

/** All of the C library's: native add-ons of the tools ask for some that no program here is linked with. */
async function copyNativeLibraries(root: string): Promise<void> {
  const listed = await outputOf('ldd', [process.execPath]);
  const folder = dirname(/=> (\/\S+libc\.so\.6)/.exec(listed)?.[1] ?? '');
  const wanted = /^lib(c|m|rt|dl|pthread|util|resolv|nss_\w+)\.so\.\d+$/;
  for (const name of readdirSync(folder).filter((one) => wanted.test(one))) {
    copyTo(join(folder, name), join(root, folder, name));
  }
}

function copyNpm(root: string): void {
  const npm = dirname(dirname(realpathSync(pathOf('npm') ?? '')));
  cpSync(npm, join(root, NPM_PLACE), { recursive: true });
  for (const name of ['npm', 'npx'])
    symlinkSync(`../lib/node_modules/npm/bin/${name}-cli.js`, join(root, 'usr/local/bin', name));
}

function copyTo(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(realpathSync(from), to);
}
