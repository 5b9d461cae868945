import { describe, expect, it } from 'vitest';
import {
  domainImports,
  escapingPaths,
  forbiddenEdges,
  inconsistentManifest,
  strayImports,
  undeclaredImports,
} from './import-rules.ts';
import { importsOf, packageOf } from './imports.ts';
import { LAYERS, reachableFrom } from './layers.ts';
import { readPackages, readSources, type SourceFile, testTools } from './workspace.ts';

const packages = readPackages();
const sources = readSources(packages);
const folderOf = (owner: string) => packages.find(({ name }) => name === owner)?.folder ?? '';
const declaredBy = (owner: string) => packages.find(({ name }) => name === owner)?.declared ?? [];

function sample(owner: string, code: string, isTest = false): SourceFile {
  const path = `${folderOf(owner)}/src/sample${isTest ? '.test' : ''}.ts`;
  return { path, owner, isTest, text: code, imports: importsOf(code) };
}

describe('the reader of imports', () => {
  it('finds every form of import and tells which are types only', () => {
    const code = [
      "import type { A } from '@compute/domain';",
      "import { B, type C } from './b.ts';",
      "import * as d from 'node:fs';",
      "import 'reflect-metadata';",
      'import {\n  E,\n} from "@nestjs/core/e";',
      "export { F } from './f.ts';",
      "export * from './g.ts';",
      "// import { no } from 'commented';",
      `const h = await import(${JSON.stringify('pg')});`,
    ].join('\n');
    expect(
      importsOf(code)
        .map(({ specifier }) => specifier)
        .sort(),
    ).toEqual(
      ['./b.ts', './f.ts', './g.ts', '@compute/domain', '@nestjs/core/e', 'node:fs', 'pg', 'reflect-metadata'].sort(),
    );
    expect(importsOf(code).filter(({ typeOnly }) => typeOnly)).toEqual([
      { specifier: '@compute/domain', typeOnly: true },
    ]);
  });

  it('knows the package of a specifier', () => {
    expect(['./x.ts', 'node:fs', 'pg/lib/x', '@nestjs/core/e'].map(packageOf)).toEqual([
      undefined,
      undefined,
      'pg',
      '@nestjs/core',
    ]);
  });

  it('sees the sources of every package', () => {
    for (const { name, folder } of packages) {
      expect(
        sources.some((source) => source.owner === name),
        `no sources in ${folder}`,
      ).toBe(true);
    }
  });
});

describe('imports', () => {
  it('are declared by their package', () => {
    const tools = testTools();
    expect(sources.flatMap((source) => undeclaredImports(source, declaredBy(source.owner), tools))).toEqual([]);
    expect(undeclaredImports(sample('domain', "import pg from 'pg';"), [], tools)).toHaveLength(1);
    expect(undeclaredImports(sample('domain', "import { it } from 'vitest';"), [], tools)).toHaveLength(1);
    expect(undeclaredImports(sample('domain', "import { it } from 'vitest';", true), [], tools)).toEqual([]);
  });

  it('of a foreign package are made by its one importer', () => {
    expect(sources.flatMap(strayImports)).toEqual([]);
    expect(strayImports(sample('api', "import { z } from 'zod';"))).toHaveLength(1);
    expect(strayImports(sample('queue', "import { Injectable } from '@nestjs/common';"))).toHaveLength(1);
    expect(strayImports(sample('contract', "import { z } from 'zod';"))).toEqual([]);
  });

  it('of the workspace follow the table of layers', () => {
    expect(sources.flatMap((source) => forbiddenEdges(source))).toEqual([]);
    expect(forbiddenEdges(sample('api', "import { x } from '@compute/cluster';"))).toHaveLength(1);
    expect(forbiddenEdges(sample('api', "import { x } from '@compute/worker';", true))).toHaveLength(1);
    expect(forbiddenEdges(sample('store', "import { x } from '@compute/test-services';"))).toHaveLength(1);
    expect(forbiddenEdges(sample('store', "import { x } from '@compute/test-services';", true))).toEqual([]);
    expect(forbiddenEdges({ ...sample('api', ''), owner: 'unknown' })).toHaveLength(1);
  });

  it('of the domain do not exist', () => {
    expect(sources.flatMap(domainImports)).toEqual([]);
    expect(domainImports(sample('domain', "import { randomUUID } from 'node:crypto';"))).toHaveLength(1);
  });

  it('by path stay within their package', () => {
    expect(sources.flatMap((source) => escapingPaths(source, folderOf(source.owner)))).toEqual([]);
    expect(escapingPaths(sample('api', "import { x } from '../../worker/src/x.ts';"), folderOf('api'))).toHaveLength(1);
    expect(escapingPaths(sample('api', "import { x } from '../x.ts';"), folderOf('api'))).toEqual([]);
  });
});

describe('packages', () => {
  it('declare, refer to and are tagged with what the table says', () => {
    expect(packages.flatMap((subject) => inconsistentManifest(subject, packages))).toEqual([]);
    const wrong = {
      name: 'api',
      folder: 'services/api',
      declared: ['@compute/queue', '@compute/store'],
      tags: [],
      references: ['libs/cluster'],
    };
    expect(inconsistentManifest(wrong, packages)).toHaveLength(4);
  });

  it('keep the API away from the cluster and from the queue, also through others', () => {
    const reached = reachableFrom('api');
    for (const name of ['cluster', 'kube-client', 'queue', 'worker']) expect(reached.has(name), name).toBe(false);
    const leak = { ...LAYERS, store: { product: ['domain', 'queue'] } };
    expect(reachableFrom('api', leak).has('queue')).toBe(true);
  });

  it('never lean on each other in a circle', () => {
    for (const name of Object.keys(LAYERS)) expect(reachableFrom(name).has(name), name).toBe(false);
  });

  it('all exist that the table names', () => {
    expect(packages.map(({ name }) => name).sort()).toEqual(Object.keys(LAYERS).sort());
  });
});
