import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { badName, defaultExports, machinePaths } from './text-rules.ts';
import { filesBelow, ROOT, readPackages, readSources } from './workspace.ts';

const sources = readSources(readPackages());
const BINARY = /\.(png|jpg|ico|gz|binpb)$/;

describe('source files', () => {
  it('are named in kebab-case for what they hold', () => {
    expect(sources.flatMap(({ path }) => badName(path))).toEqual([]);
    expect(badName('libs/x/src/stringUtils.ts')).toHaveLength(1);
    expect(badName('libs/x/src/string-utils.ts')).toHaveLength(1);
    expect(badName('libs/x/src/base.test.ts')).toHaveLength(1);
    expect(badName('libs/x/src/vm-disk.test.ts')).toEqual([]);
  });

  it('have no default exports', () => {
    expect(sources.flatMap(({ path, text }) => defaultExports(path, text))).toEqual([]);
    expect(defaultExports('libs/x/src/x.ts', 'export default class X {}')).toHaveLength(1);
    expect(defaultExports('x.config.ts', 'export default {}')).toEqual([]);
  });
});

describe('texts', () => {
  it('speak of no folder of one machine and of nothing beside the checkout', () => {
    const files = filesBelow('').filter((path) => !BINARY.test(path) && path !== 'package-lock.json');
    expect(files.length).toBeGreaterThan(100);
    expect(files.flatMap((path) => machinePaths(path, readFileSync(join(ROOT, path), 'utf8')))).toEqual([]);
  });

  it('are caught when they do', () => {
    const slash = '/';
    const bad = ['work/main/x', 'tmp/out', 'home/me/x', 'root/.npmrc'].map((path) => `see ${slash}${path}`);
    for (const line of [...bad, ['..', 'shared', 'x'].join(slash)])
      expect(machinePaths('x.md', line), line).toHaveLength(1);
    for (const line of ['node:fs/work', 'a/home/b', 'https://x.org/work/', 'tmp/x'])
      expect(machinePaths('x.md', line), line).toEqual([]);
  });
});
