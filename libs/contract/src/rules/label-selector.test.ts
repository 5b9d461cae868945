import { isFault } from '@compute/domain';
import { expect, it } from 'vitest';
import { parseLabelSelector, selects } from './label-selector.ts';

const labels = { app: 'web', tier: 'front', 'example.com/x': '' };

it.each([
  ['', true],
  ['app=web', true],
  ['app==web,tier=front', true],
  ['app!=web', false],
  ['missing!=web', true],
  ['app in (db, web)', true],
  ['app notin (db,web)', false],
  ['missing notin (a)', true],
  ['app', true],
  ['!app', false],
  ['!missing', true],
  ['example.com/x', true],
  ['example.com/x=', true],
  ['app in (web),tier notin (back),!gone', true],
])('%s selects: %s', (text, expected) => {
  expect(selects(parseLabelSelector(text), labels)).toBe(expected);
});

it.each(['=', 'a=b=c', 'a in', 'a in (b', '!', 'a b', ',', 'a,', 'a=$', 'x'.repeat(5_000)])('refuses %s', (text) => {
  const parse = () => parseLabelSelector(text);
  expect(parse).toThrowError();
  try {
    parse();
  } catch (error) {
    expect(isFault(error, 'InvalidArgument')).toBe(true);
  }
});
