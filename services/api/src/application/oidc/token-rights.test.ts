import { expect, it } from 'vitest';
import { rightsOf } from './token-rights.ts';

const settings = {
  ...{ issuer: 'https://issuer', audience: 'us', projectClaim: 'compute_project', scopesClaim: 'scope' },
  scopePrefix: 'compute:',
};

it.each([
  ['words', 'openid compute:read compute:write', ['read', 'write']],
  ['a list', ['compute:admin', 7], ['admin']],
])('scopes may be %s', (_how, scope, scopes) => {
  expect(rightsOf({ compute_project: 'demo', scope }, settings)).toEqual({ project: 'demo', scopes });
});

it('a star is every project', () => {
  expect(rightsOf({ compute_project: '*', scope: 'compute:read' }, settings)).toEqual({ scopes: ['read'] });
});

it('claims are found by their very name, or by dots that lead into objects', () => {
  const nested = { ...settings, projectClaim: 'https://example.org/project', scopesClaim: 'access.compute.roles' };
  const claims = { 'https://example.org/project': 'demo', access: { compute: { roles: ['compute:read'] } } };
  expect(rightsOf(claims, nested)).toEqual({ project: 'demo', scopes: ['read'] });
});

it.each([
  ['no project', { scope: 'compute:read' }, /'compute_project' names no project/],
  ['an empty project', { compute_project: '', scope: 'compute:read' }, /names no project/],
  ['two projects', { compute_project: ['a', 'b'], scope: 'compute:read' }, /more than one project/],
  ['something that is no name', { compute_project: '../x', scope: 'compute:read' }, /not the name of a project/],
  ['a number for a project', { compute_project: 7, scope: 'compute:read' }, /names no project/],
  ['no scope', { compute_project: 'demo' }, /none of the scopes compute:read, compute:write, compute:admin/],
  ['scopes without their prefix', { compute_project: 'demo', scope: 'read admin' }, /none of the scopes/],
  ['inherited claims', Object.create({ compute_project: 'demo', scope: 'compute:admin' }), /names no project/],
])('%s allows nothing, and says so', (_what, claims, refusal) => {
  expect(rightsOf(claims, settings)).toEqual({ refusal: expect.stringMatching(refusal) });
});
