import { describe, expect, it } from 'vitest';
import type { KubeObject } from './kube-object.ts';
import { matches, parseFieldSelector, parseLabelSelector } from './selectors.ts';

const object: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a', namespace: 'n', labels: { app: 'web', tier: 'front', weight: '5', 'example.com/x': '' } },
  spec: { nodeName: 'node-1' },
};

describe('label selectors', () => {
  it.each([
    ['app=web', true],
    ['app==web', true],
    ['app=db', false],
    ['app!=db', true],
    ['missing!=db', true],
    ['missing=', false],
    ['example.com/x=', true],
    ['app in (web, db)', true],
    ['app in (db)', false],
    ['app notin (db)', true],
    ['missing notin (db)', true],
    ['app', true],
    ['!app', false],
    ['!missing', true],
    ['weight>4', true],
    ['weight>5', false],
    ['weight<6', true],
    ['app=web,tier=front', true],
    ['app in (web,db),tier!=front', false],
    ['', true],
  ])('%s matches: %s', (selector, expected) => {
    expect(matches({ labels: parseLabelSelector(selector), fields: [] }, object)).toBe(expected);
  });

  it.each(['app=web=x', 'app in web', '=', 'a b', 'app=web,,tier=x', 'app=not valid!'])('%s is refused', (selector) => {
    expect(() => parseLabelSelector(selector)).toThrow(/invalid label selector/);
  });
});

describe('field selectors', () => {
  it.each([
    ['metadata.name=a', true],
    ['metadata.name!=a', false],
    ['metadata.namespace==n', true],
    ['spec.nodeName=node-1', true],
    ['spec.nodeName=', false],
    ['status.phase=', true],
    ['status.phase!=Failed,metadata.name=a', true],
  ])('%s matches: %s', (selector, expected) => {
    const fields = parseFieldSelector(selector, ['spec.nodeName', 'status.phase']);
    expect(matches({ labels: [], fields }, object)).toBe(expected);
  });

  it('a path the kind does not offer is refused', () => {
    expect(() => parseFieldSelector('spec.other=x', [])).toThrow('field label not supported: spec.other');
  });
});
