/**
 * The public contract against its committed baseline: nothing removed, renamed, newly required or given another
 * default. `npm run baseline` makes the present contract the baseline, on purpose and in a commit of its own.
 */
import { spawnSync } from 'node:child_process';
import { type OpenApiDocument, openApiDocument } from '@compute/contract';
import { describe, expect, it } from 'vitest';
import { BUF, baselineDocument, PROTO_BASELINE, PROTO_FOLDER } from './baseline.ts';
import { breakingChanges } from './compatibility.ts';

describe('OpenAPI', () => {
  it('breaks no caller of the baseline', () => {
    expect(breakingChanges(baselineDocument(), openApiDocument())).toEqual([]);
  });

  // biome-ignore lint/suspicious/noExplicitAny: a document that is about to be changed in any place
  type Draft = any;
  const VM = '/v1/projects/{project}/vm-instances';

  it.each<[string, (draft: Draft) => void]>([
    ['is gone', ({ paths }) => delete paths[VM].post],
    ['no longer called', ({ paths }) => (paths[VM].get.operationId = 'other')],
    ['parameter pageSize is gone', ({ paths }) => (paths[VM].get.parameters = [])],
    [
      'parameter tenant is newly required',
      ({ paths }) => paths[VM].get.parameters.push({ name: 'tenant', in: 'query', required: true, schema: {} }),
    ],
    ['the default was 50, is 20', ({ paths }) => (sizeOf(paths).schema.default = 20)],
    [
      'application/yaml is no longer taken',
      ({ paths }) => delete paths[VM].post.requestBody.content['application/yaml'],
    ],
    ['the answer 201 is gone', ({ paths }) => delete paths[VM].post.responses['201']],
    ['.external is gone', ({ components }) => delete sent(components).external],
    ['the default was false, is true', ({ components }) => (sent(components).external.default = true)],
    ['was boolean, is string', ({ components }) => (sent(components).external.type = 'string')],
    ['the word WholeIP is gone', ({ components }) => (sent(components).externalMethod.enum = ['PortList'])],
    ['maxItems is tighter', ({ components }) => (sent(components).externalPorts.maxItems = 10)],
    [
      'disks is newly required',
      ({ components }) => components.schemas.VMInstanceManifest.properties.spec.required.push('disks'),
    ],
    ['.startedAt is gone', ({ components }) => delete received(components).startedAt],
    [
      'phase is no longer always there',
      ({ components }) => (components.schemas.VMInstance.properties.status.required = []),
    ],
    ['the word Unavailable is gone', ({ components }) => components.schemas.Problem.properties.code.enum.splice(-3)],
  ])('is held against: %s', (words, change) => {
    const draft: Draft = structuredClone(openApiDocument());
    change(draft);
    const breaks = breakingChanges(openApiDocument(), draft as OpenApiDocument);
    expect(breaks.join('\n')).toContain(words);
  });

  const sizeOf = (paths: Draft) => paths[VM].get.parameters.find(({ name }: Draft) => name === 'pageSize');
  const sent = ({ schemas }: Draft) => schemas.VMInstanceManifest.properties.spec.properties;
  const received = ({ schemas }: Draft) => schemas.VMInstance.properties.status.properties;

  it('may grow: a route, a parameter, a field, a word, a wider limit', () => {
    const draft: Draft = structuredClone(openApiDocument());
    draft.paths['/v1/new'] = draft.paths[VM];
    draft.paths[VM].get.parameters.push({ name: 'colour', in: 'query', required: false, schema: { type: 'string' } });
    sent(draft.components).colour = { type: 'string' };
    sent(draft.components).externalMethod.enum.push('Nothing');
    sent(draft.components).externalPorts.maxItems = 1_000;
    received(draft.components).colour = { type: 'string' };
    expect(breakingChanges(openApiDocument(), draft as OpenApiDocument)).toEqual([]);
  });
});

describe('the protos', () => {
  it('break no caller of the baseline', () => {
    const outcome = spawnSync(BUF, ['breaking', '.', '--against', PROTO_BASELINE], {
      cwd: PROTO_FOLDER,
      encoding: 'utf8',
    });
    expect(outcome.error).toBeUndefined();
    expect(`${outcome.stdout}${outcome.stderr}`.trim()).toBe('');
    expect(outcome.status).toBe(0);
  }, 60_000);
});
