import { isFault, type VmDisk } from '@compute/domain';
import { expect, it } from 'vitest';
import { demand, etagOf, parseIfMatch } from './etag.ts';

const uid = '01a20594-31b7-73a3-ae3a-cd457c9d59cb';
const resource = { kind: 'VMDisk', name: 'a', uid, specVersion: 3 } as VmDisk;
const isRefused = (header: string) => {
  try {
    demand(resource, parseIfMatch(header));
    return false;
  } catch (error) {
    return isFault(error, 'PreconditionFailed');
  }
};

it('accepts its own tag, bare or quoted, among others, and a star', () => {
  const tag = etagOf(resource);
  const headers = [tag, tag.replaceAll('"', ''), `"other", ${tag}`, '*', ''];
  expect(headers.filter(isRefused)).toEqual([]);
});

it('refuses an older version, a namesake’s, weak and foreign tags', () => {
  const headers = [`"${uid}.2"`, `"${uid.replace('0', '1')}.3"`, `W/${etagOf(resource)}`, '"x"'];
  expect(headers.filter((header) => !isRefused(header))).toEqual([]);
  expect(() => parseIfMatch('no tag at all')).toThrowError(/If-Match/);
});
