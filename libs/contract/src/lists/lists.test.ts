import { Fault } from '@compute/domain';
import { expect, it } from 'vitest';
import { parseFilter } from './filter.ts';
import { LIST_FILTERS, listTerms } from './list-terms.ts';
import { parseFields, sparse } from './sparse-fields.ts';

const RULES = LIST_FILTERS.VMInstance;

it('reads conditions joined by AND, with words, quoted texts, times and flags', () => {
  const { terms, problems } = parseFilter(
    'phase=Running AND spec.instanceType != "u1.medium" AND createdAt>=2026-11-01 AND external=true',
    RULES,
  );
  expect(problems).toEqual([]);
  expect(terms).toEqual([
    { field: 'phase', comparison: '=', value: 'Running' },
    { field: 'instanceType', comparison: '!=', value: 'u1.medium' },
    { field: 'createdAt', comparison: '>=', value: new Date('2026-11-01') },
    { field: 'external', comparison: '=', value: true },
  ]);
});

it('does not split a text in quotes, and takes quotes inside it', () => {
  const { terms } = parseFilter(String.raw`name="a AND b" AND failure="say \"x\""`, RULES);
  expect(terms.map(({ value }) => value)).toEqual(['a AND b', 'say "x"']);
});

it.each([
  ['phas=Running', "There is no filter 'phas'. Is 'phase' meant?"],
  ['phase=Sleeping', "'phase' is one of Pending, Provisioning"],
  ['phase>Running', "'phase' can be compared by =, != only."],
  ['createdAt>yesterday', "'createdAt' is a time such as"],
  ['createdAt>2026-13-45', "'createdAt' is a time such as"],
  ['external=maybe', "'external' is true or false."],
  ['phase', "'phase' is no condition."],
  ['phase=Running OR phase=Stopped', 'is no condition.'],
  ['optical=true', "There is no filter 'optical'."],
  ['constructor=x', "There is no filter 'constructor'."],
])('refuses %s and says why', (text, message) => {
  const { problems } = parseFilter(text, RULES);
  expect(problems).toHaveLength(1);
  expect(problems[0]?.message).toContain(message);
});

it('names everything that is wrong with a list at once', () => {
  const ask = () =>
    listTerms('VMInstance', {
      labelSelector: 'a b c',
      filter: 'nope=1 AND phase=Nope',
      orderBy: 'size',
      fields: 'metadata.name,spec.nope',
    });
  expect(ask).toThrow(Fault);
  try {
    ask();
  } catch (error) {
    expect((error as Fault).details.fields?.map(({ pointer }) => pointer)).toEqual([
      '/labelSelector',
      '/filter',
      '/filter',
      '/orderBy',
      '/fields/1',
    ]);
  }
});

it('orders by name unless another order is said', () => {
  expect(listTerms('VMDisk', {}).order).toEqual({ field: 'name', descending: false });
  expect(listTerms('VMDisk', { orderBy: 'createdAt desc' }).order).toEqual({ field: 'createdAt', descending: true });
  expect(listTerms('VMDisk', { orderBy: 'metadata.updatedAt' }).order).toEqual({
    field: 'updatedAt',
    descending: false,
  });
});

it('picks the fields that were asked for, also inside lists, and leaves out what is not there', () => {
  const { paths, problems } = parseFields('VMInstance', 'metadata.name,status.conditions.type,status.startedAt,spec');
  expect(problems).toEqual([]);
  const vm = {
    kind: 'VMInstance',
    metadata: { name: 'a', uid: 'u' },
    spec: { disks: ['d'] },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  };
  expect(sparse(vm, paths)).toEqual({
    metadata: { name: 'a' },
    spec: { disks: ['d'] },
    status: { conditions: [{ type: 'Ready' }] },
  });
  expect(sparse(vm, [])).toBe(vm);
});

it('refuses a field that no reply has, and guesses what was meant', () => {
  const { problems } = parseFields('VMDisk', 'metadata.name, spec.storag,status.__proto__,metadata.name.first');
  expect(problems).toEqual([
    { pointer: '/fields/1', code: 'unknown_field', message: "There is no field 'spec.storag'. Is 'storage' meant?" },
    { pointer: '/fields/2', code: 'unknown_field', message: "There is no field 'status.__proto__'." },
    { pointer: '/fields/3', code: 'unknown_field', message: "There is no field 'metadata.name.first'." },
  ]);
});
