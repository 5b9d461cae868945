import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtinCatalogue } from '@compute/domain';
import { expect, test } from 'vitest';
import { readQuotaDefaults } from './quota-defaults.ts';

async function defaultsWith(document: unknown): Promise<Record<string, number | null>> {
  const file = join(await mkdtemp(join(tmpdir(), 'quota-defaults-')), 'quota.json');
  await writeFile(file, typeof document === 'string' ? document : JSON.stringify(document));
  return readQuotaDefaults(file, builtinCatalogue);
}

test('without a file every counter has a limit, also those of series and classes that come later', async () => {
  const defaults = await readQuotaDefaults(undefined, builtinCatalogue);
  expect(Object.values(defaults)).not.toContain(null);
  expect(defaults).toMatchObject({
    ...{ 'series:S/instances': 100, 'series:custom/memoryMib': 1_638_400, 'series:*/vcpus': 400 },
    ...{ 'class:replicated/disks': 200, 'class:*/storageMib': 20_480_000, 'external/ips': 50 },
  });
});

test('a file replaces what it names, its own entry of a series goes before that of all, the rest stays as shipped', async () => {
  const defaults = await defaultsWith({
    series: { '*': { instances: 7 }, M: { instances: 1, vcpus: 'unlimited' } },
    externalIps: 'unlimited',
  });
  expect(defaults).toMatchObject({
    ...{ 'series:S/instances': 7, 'series:M/instances': 1, 'series:*/instances': 7, 'series:S/vcpus': 400 },
    ...{ 'series:M/vcpus': null, 'external/ips': null, 'class:local/disks': 200 },
  });
});

test('everything is unlimited when the operator says so', async () => {
  expect(new Set(Object.values(await readQuotaDefaults('unlimited', builtinCatalogue)))).toEqual(new Set([null]));
});

test('a file that is none names itself and what is wrong', async () => {
  await expect(defaultsWith('{')).rejects.toThrow(/QUOTA_DEFAULTS_FILE .*quota\.json/);
  await expect(defaultsWith({ series: { X: { instances: 1 } } })).rejects.toThrow(/\/series\/X/);
  await expect(defaultsWith({ externalIps: -1 })).rejects.toThrow(/externalIps/);
});
