import { expect, it } from 'vitest';
import { builtinCatalogue, findInstanceType, findStorageClass } from './catalogue.ts';
import { readCatalogueFile } from './catalogue-file.ts';

const gpu = { name: 'g1.large', series: 'G', vcpu: 8, memoryGib: 64 };

it('adds entries to the built-in lists, with what is usual where nothing is said', () => {
  const { catalogue, problems } = readCatalogueFile({ instanceTypes: [gpu] });
  expect(problems).toEqual([]);
  expect(findInstanceType(catalogue, 'g1.large')).toEqual({
    ...{ name: 'g1.large', series: 'G', vcpu: 8, memoryMib: 65_536 },
    ...{ available: true, deprecated: false },
  });
  expect(catalogue.instanceTypes).toHaveLength(builtinCatalogue.instanceTypes.length + 1);
  expect(catalogue.profiles).toEqual(builtinCatalogue.profiles);
});

it('puts an entry in the place of the built-in one of its name', () => {
  const { catalogue } = readCatalogueFile({
    instanceTypes: [{ ...gpu, name: 'u1.medium', deprecated: true, ratio: 8 }],
  });
  expect(findInstanceType(catalogue, 'u1.medium')).toMatchObject({ vcpu: 8, deprecated: true });
  expect(catalogue.instanceTypes).toHaveLength(builtinCatalogue.instanceTypes.length);
});

it('begins a list anew when it is to be replaced', () => {
  const only = { name: 'fast', description: 'NVMe', replicated: true, default: true };
  const { catalogue, problems } = readCatalogueFile({ replace: ['storageClasses', 'images'], storageClasses: [only] });
  expect(problems).toEqual([]);
  expect(findStorageClass(catalogue, 'local')).toBeUndefined();
  expect(catalogue.images).toEqual([]);
});

it('names every mistake at once', () => {
  const { problems } = readCatalogueFile({
    instanceType: [],
    instanceTypes: [{ name: 'Big', series: 'X', vcpu: 0.5, memoryGib: 0.0001, colour: 'red' }, gpu, gpu, 7],
    profiles: 'all',
    storageClasses: [{ name: 'second', description: 'x', replicated: 'yes' }],
    replace: ['everything'],
  });
  expect(problems.map((text) => text.split(':')[0])).toEqual([
    'The file',
    'replace',
    'instanceTypes[0]',
    'instanceTypes[0].name',
    'instanceTypes[0].vcpu',
    'instanceTypes[0].memoryGib',
    'instanceTypes[2]',
    'instanceTypes[3]',
    'profiles',
    'storageClasses[0].replicated',
  ]);
});

it('wants exactly one default storage class, and an object', () => {
  const second = { name: 'second', description: 'x', replicated: true, default: true };
  expect(readCatalogueFile({ storageClasses: [second] }).problems).toEqual([
    'storageClasses: exactly one is the default, these are 2.',
  ]);
  expect(readCatalogueFile([]).problems).toEqual(['It must be a JSON object.']);
});
