import type { CatalogueReport } from '@compute/cluster';
import { createLogger } from '@compute/runtime';
import { expect, test, vi } from 'vitest';
import { type CatalogueDifferences, createCatalogueInstaller } from './catalogue-installer.ts';

const size = { vcpu: 1, memoryMib: 4_096 };

test('what differs in the cluster is counted at every comparison, also when nothing differs any more', async () => {
  const reports: CatalogueReport[] = [
    {
      installed: ['s1.small'],
      differing: [{ name: 'u1.medium', wanted: size, found: { vcpu: 2, memoryMib: 4_096 } }],
      missingProfiles: ['alpine', 'ubuntu'],
    },
    { installed: [], differing: [], missingProfiles: [] },
  ];
  const counts: CatalogueDifferences[] = [];
  const installer = createCatalogueInstaller({
    cluster: { installCatalogue: async () => reports.shift() ?? { installed: [], differing: [], missingProfiles: [] } },
    logger: createLogger({ service: 'test', level: 'silent' }),
    onDifferences: (count) => void counts.push(count),
    onError: (_name, error) => expect.unreachable(String(error)),
  });
  installer.start();
  await vi.waitFor(() => expect(counts).toHaveLength(1));
  installer.wake();
  await vi.waitFor(() => expect(counts).toHaveLength(2));
  await installer.stop();
  expect(counts).toEqual([
    { differingTypes: 1, missingProfiles: 2 },
    { differingTypes: 0, missingProfiles: 0 },
  ]);
});
