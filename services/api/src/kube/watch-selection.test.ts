import { type KubeObject, parseSelection } from '@compute/kube-wire';
import { expect, test } from 'vitest';
import { WatchSelection } from './watch-selection.ts';

const object = (tier: string, phase = 'Pending'): KubeObject => ({
  apiVersion: 'apps.cozystack.io/v1alpha1',
  kind: 'VMDisk',
  metadata: { name: 'a', namespace: 'demo', uid: 'u', labels: { tier } },
  status: { phase },
});
const selection = (labels: string, fields = '') => new WatchSelection(parseSelection(labels, fields, ['status.phase']));

test('without a selection every event is shown as it is, and nothing is remembered', () => {
  const all = selection('');
  expect(all.canChange).toBe(false);
  expect([
    all.typeOf('ADDED', object('a')),
    all.typeOf('MODIFIED', object('a')),
    all.typeOf('DELETED', object('a')),
  ]).toEqual(['ADDED', 'MODIFIED', 'DELETED']);
});

test('an object that is selected by its name is followed, and no other one', () => {
  expect(selection('', 'metadata.name=a').typeOf('DELETED', object('a'))).toBe('DELETED');
  expect(selection('', 'metadata.name=b').typeOf('DELETED', object('a'))).toBeUndefined();
  expect(selection('', 'metadata.name=b').canChange).toBe(false);
});

test('entering a selection is ADDED, staying MODIFIED, leaving DELETED, and outside nothing', () => {
  const web = selection('tier=web');
  expect(web.typeOf('ADDED', object('db'))).toBeUndefined();
  expect(web.typeOf('MODIFIED', object('web'))).toBe('ADDED');
  expect(web.typeOf('MODIFIED', object('web', 'Ready'))).toBe('MODIFIED');
  expect(web.typeOf('MODIFIED', object('db'))).toBe('DELETED');
  expect(web.typeOf('MODIFIED', object('db', 'Ready'))).toBeUndefined();
  expect(web.typeOf('DELETED', object('db'))).toBeUndefined();
});

test('a phase selects like a label', () => {
  const ready = selection('', 'status.phase=Ready');
  expect(ready.typeOf('ADDED', object('web'))).toBeUndefined();
  expect(ready.typeOf('MODIFIED', object('web', 'Ready'))).toBe('ADDED');
  expect(ready.typeOf('MODIFIED', object('web', 'Failed'))).toBe('DELETED');
});

test('what stood outside where the watch began is not told of when it changes there', () => {
  const web = selection('tier=web');
  web.learn(object('db'));
  expect(web.typeOf('MODIFIED', object('db', 'Ready'))).toBeUndefined();
});

test('an object of which nothing is known may have been shown: its going is told, its deletion as it last stood', () => {
  expect(selection('tier=web').typeOf('MODIFIED', object('db'))).toBe('DELETED');
  expect(selection('tier=web').typeOf('MODIFIED', object('web'))).toBe('MODIFIED');
  expect(selection('tier=web').typeOf('DELETED', object('web'))).toBe('DELETED');
  expect(selection('tier=web').typeOf('DELETED', object('db'))).toBeUndefined();
});
