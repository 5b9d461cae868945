import { builtinCatalogue, findInstanceType } from '@compute/domain';
import { describe, expect, it } from 'vitest';
import { renderInstancetype } from './instancetype.ts';

const render = (name: string) => {
  const type = findInstanceType(builtinCatalogue, name);
  if (type === undefined) throw new Error(name);
  return renderInstancetype(type);
};

describe('an instance type of the catalogue', () => {
  it('has the specification’s numbers in whole GiB', () => {
    expect(render('s1.3large').spec).toEqual({ cpu: { guest: 12 }, memory: { guest: '24Gi' } });
  });

  it('is on huge pages in the M series, as upstream', () => {
    expect(render('m1.large').spec.memory).toEqual({ guest: '16Gi', hugepages: { pageSize: '2Mi' } });
  });
});
