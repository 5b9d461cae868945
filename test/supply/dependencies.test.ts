/** Nobody can put another package in the place of one of ours: every version is exact, every content has its hash. */
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { type LockFile, licencesOf, looseDependencies, type Manifest, unprovenPackages } from './lock-file.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = <T>(file: string): T => JSON.parse(readFileSync(`${ROOT}${file}`, 'utf8')) as T;
const lock = read<LockFile>('package-lock.json');

it('every package is locked with a strong hash and comes from the registry', () => {
  expect(Object.keys(lock.packages).length).toBeGreaterThan(300);
  expect(unprovenPackages(lock)).toEqual([]);
});

it('every dependency that we name has an exact version', () => {
  const files = globSync('{package.json,{libs,services,deploy}/*/package.json,{proto,test,bench}/package.json}', {
    cwd: ROOT,
  });
  expect(files.length).toBeGreaterThan(10);
  for (const file of files) expect([file, looseDependencies(read<Manifest>(file))]).toEqual([file, []]);
});

/** Of these nothing is asked but that their text goes along. */
const PERMISSIVE =
  /^\(?(MIT|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD|BlueOak-1\.0\.0|Unlicense|CC0-1\.0|Python-2\.0|PSF-2\.0)\b/;

it('what runs in production has a licence that asks for nothing but to be named', () => {
  const others = licencesOf(lock).filter(([licence]) => !PERMISSIVE.test(licence));
  expect(others).toEqual([]);
});

it('a package without hash, one from elsewhere and a loose version would be found', () => {
  const packages = {
    'node_modules/a': { version: '1.0.0', integrity: 'sha1-x' },
    'node_modules/b': { version: '1.0.0', integrity: `sha512-${'a'.repeat(86)}==`, resolved: 'git+ssh://x/y.git' },
    'node_modules/@compute/c': { link: true },
  };
  expect(unprovenPackages({ lockfileVersion: 3, packages })).toEqual([
    'node_modules/a has no SHA-512 hash',
    'node_modules/b comes from git+ssh://x/y.git',
  ]);
  const dependencies = { a: '^1.0.0', b: '1.0.0-beta.1', '@compute/c': '*', d: '*' };
  expect(looseDependencies({ dependencies })).toEqual(['a ^1.0.0', 'd *']);
});
