import { expect, test } from 'vitest';
import { FIELD_MANAGER } from '../manifests/ownership.ts';
import { ownedContent, wantedContent } from './owned-content.ts';

const manifest = {
  ...{ apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine' },
  metadata: { name: 'vm-instance-web', labels: { b: '2', a: '1' }, annotations: { note: 'x' } },
  spec: { runStrategy: 'Always', cores: 2, disks: [{ name: 'system', bootOrder: 1 }, { name: 'data' }] },
};
const EVERYTHING = {
  'f:metadata': { 'f:labels': { 'f:a': {}, 'f:b': {} }, 'f:annotations': { '.': {}, 'f:note': {} } },
  'f:spec': { 'f:runStrategy': {}, 'f:cores': {}, 'f:disks': {} },
};

function served(changes: { metadata?: object; spec?: object }, fieldsV1: object = EVERYTHING) {
  const managedFields = [{ manager: FIELD_MANAGER, operation: 'Apply', fieldsV1 }];
  return {
    ...manifest,
    metadata: { ...manifest.metadata, labels: { a: '1', b: '2' }, uid: 'u', managedFields, ...changes.metadata },
    spec: { disks: manifest.spec.disks, cores: 2, runStrategy: 'Halted', ...changes.spec },
  };
}

test('an object as we wrote it has the content of its manifest, in whatever order and with whatever others add', () => {
  expect(ownedContent(served({}))).toBe(wantedContent(manifest));
  const labelled = { labels: { theirs: 'y', b: '2', a: '1' }, annotations: { note: 'x', theirs: 'y' } };
  expect(ownedContent(served({ metadata: labelled, spec: { theirs: true } }))).toBe(wantedContent(manifest));
});

test('a field that left our record is missed, and so is another value in one that is ours', () => {
  const taken = { ...EVERYTHING, 'f:spec': { 'f:disks': {} } };
  expect(ownedContent(served({ spec: { cores: 4 } }, taken))).not.toBe(wantedContent(manifest));
  expect(ownedContent(served({ spec: { cores: 4 } }))).not.toBe(wantedContent(manifest));
  expect(ownedContent(served({ metadata: { labels: { a: '1' } } }))).not.toBe(wantedContent(manifest));
});

test('items of a list are ours by their keys or their values', () => {
  const ours = (disks: object, items: unknown[]) =>
    ownedContent(served({ spec: { disks: items } }, { ...EVERYTHING, 'f:spec': { 'f:cores': {}, 'f:disks': disks } }));
  const wanted = wantedContent({ ...manifest, spec: { ...manifest.spec, disks: [{ name: 'system' }] } });
  const byName = { 'k:{"name":"system"}': { '.': {}, 'f:name': {} } };
  expect(ours(byName, [{ name: 'theirs' }, { name: 'system', bootOrder: 7 }])).toBe(wanted);
  expect(ours(byName, [{ name: 'theirs' }])).not.toBe(wanted);
  const texts = wantedContent({ ...manifest, spec: { ...manifest.spec, disks: ['a'] } });
  expect(ours({ 'v:"a"': {} }, ['theirs', 'a'])).toBe(texts);
});

test('values that look alike as text are told apart', () => {
  const contentOf = (value: unknown) => wantedContent({ ...manifest, spec: { value } });
  const alike = ['1', 1, ['1'], { 1: '' }, ['1', ''], 'true', true, null, 'null', '1,0:', { 1: '', 2: '' }];
  expect(new Set(alike.map(contentOf)).size).toBe(alike.length);
});

test('the run strategy and our fingerprints do not count, and without a record of ours nothing is known', () => {
  const on = wantedContent({ ...manifest, spec: { ...manifest.spec, runStrategy: 'Halted' } });
  expect(on).toBe(wantedContent(manifest));
  const stamped = { note: 'x', 'compute.cozystack.io/manifest-hash': 'h', 'compute.cozystack.io/generation': '7' };
  expect(ownedContent(served({ metadata: { annotations: stamped } }))).toBe(wantedContent(manifest));
  expect(ownedContent({ ...manifest, metadata: { name: 'x' } })).toBeUndefined();
});
