/**
 * Keeps the cluster's instance types complete: installs what the catalogue has and the cluster lacks, and says what
 * differs, since quota and bills follow the catalogue while machines follow the cluster.
 */
import type { Cluster } from '@compute/cluster';
import type { Logger } from '@compute/runtime';
import { PeriodicLoop } from '../clock/periodic-loop.ts';

const EVERY_MS = 10 * 60_000;

export interface CatalogueInstallerOptions {
  readonly cluster: Pick<Cluster, 'installCatalogue'>;
  readonly logger: Logger;
  /** Hears of every comparison: how many entries are not as the catalogue says. */
  readonly onDifferences?: (count: CatalogueDifferences) => void;
  readonly onError: (name: string, error: unknown) => void;
}

export interface CatalogueDifferences {
  /** Instance types whose size in the cluster is not the catalogue's. */
  readonly differingTypes: number;
  /** Profiles for which the cluster has no preference. */
  readonly missingProfiles: number;
}

export function createCatalogueInstaller(options: CatalogueInstallerOptions): PeriodicLoop {
  const { cluster, logger, onDifferences, onError } = options;
  const step = async (): Promise<'done'> => {
    const { installed, differing, missingProfiles } = await cluster.installCatalogue();
    onDifferences?.({ differingTypes: differing.length, missingProfiles: missingProfiles.length });
    if (installed.length > 0) logger.event('catalogue.installed', { installed });
    if (differing.length > 0) logger.event('catalogue.differs', { differing });
    if (missingProfiles.length > 0) logger.event('catalogue.preferences-missing', { missingProfiles });
    return 'done';
  };
  return new PeriodicLoop({ name: 'catalogue installer', everyMs: EVERY_MS, step, onError });
}
