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
  readonly onError: (name: string, error: unknown) => void;
}

export function createCatalogueInstaller({ cluster, logger, onError }: CatalogueInstallerOptions): PeriodicLoop {
  const step = async (): Promise<'done'> => {
    const { installed, differing, missingProfiles } = await cluster.installCatalogue();
    if (installed.length > 0) logger.info({ installed }, 'instance types were installed');
    if (differing.length > 0) logger.warn({ differing }, 'instance types of the cluster differ from the catalogue');
    if (missingProfiles.length > 0) logger.warn({ missingProfiles }, 'the cluster lacks preferences of the catalogue');
    return 'done';
  };
  return new PeriodicLoop({ name: 'catalogue installer', everyMs: EVERY_MS, step, onError });
}
