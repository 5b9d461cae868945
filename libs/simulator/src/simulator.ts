/**
 * A whole simulated cluster in one process: an API server, and around it ordinary clients that play or imitate everything else.
 *
 * The clients never touch the server's storage, so either side can be exchanged: `startControllers` works against any API server.
 * Only metrics and the record of what was true read the storage, because no client could know better.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { KubeClient } from '@compute/kube-client';
import { FaultRules, type KubeServer, reviewRoutes, startKubeServer } from '@compute/kube-wire';
import { Clock } from './clock.ts';
import { installClusterFixtures } from './cluster-fixtures.ts';
import { type ControllerOptions, type ControllerSet, startControllers } from './controllers.ts';
import { type ImageServer, startImageServer } from './images/image-server.ts';
import { virtApiRoutes } from './kubevirt/api/subresource-routes.ts';
import { metricsBackends } from './metrics/metrics-backends.ts';
import { simulatedKinds } from './simulated-kinds.ts';
import { TruthLog } from './truth/truth-log.ts';

export interface SimulatorOptions {
  /** Folder that keeps the cluster over restarts; without it the cluster is gone with the process. */
  dir?: string;
  host?: string;
  /** 0 (the default) takes a free port. */
  port?: number;
  /** Port of the image server, 0 for a free one; without it no images are served. */
  imagesPort?: number;
  /** Whether the platform's golden images are there. */
  goldenImages?: boolean;
  /** 20 makes a minute of the cluster pass in three seconds; 1 by default. */
  timeScale?: number;
  /** Seed of everything that is left to chance. */
  seed?: number;
  /** Hears of errors that are survived. */
  onError?: (error: unknown) => void;
  /** How long things take, what is left out, which addresses there are. */
  controllers?: Omit<Partial<ControllerOptions>, 'client' | 'clock' | 'seed' | 'onError'>;
}

export interface Simulator {
  readonly url: string;
  readonly kubeconfig: string;
  readonly server: KubeServer;
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly faults: FaultRules;
  readonly controllers: ControllerSet;
  readonly truth: TruthLog;
  readonly images: ImageServer | undefined;
  /** Stops clients first, then the server. */
  close(): Promise<void>;
}

/** What is known only after the server has started, though the server is told of it before. */
interface Late {
  server?: KubeServer;
  client?: KubeClient;
  controllers?: ControllerSet;
}

/** Starts everything; resolves when the cluster is furnished and its controllers work. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { seed = 1, onError = () => undefined } = options;
  const clock = new Clock(options.timeScale ?? 1);
  const faults = new FaultRules();
  const late: Late = {};
  const server = await startServer(options, { late, clock, faults, seed });
  late.server = server;
  const truth = new TruthLog(options.dir === undefined ? undefined : join(options.dir, 'truth.ndjson'));
  truth.follow(server.store);
  const kubeconfig = server.kubeconfig();
  const client = KubeClient.fromKubeconfigText(kubeconfig, { fieldManager: 'simulator' });
  late.client = client;
  await installClusterFixtures(client, options);
  // Chance must not repeat after a restart what it gave before: names of pods would be taken.
  const chance = seed + server.store.revision;
  const controllers = await startControllers({ ...options.controllers, client, clock, seed: chance, onError });
  late.controllers = controllers;
  const images = await serveImages(options);
  const close = async (): Promise<void> => {
    await images?.close();
    await controllers.stop();
    await client.close();
    await server.close();
  };
  return { url: server.url, kubeconfig, server, client, clock, faults, controllers, truth, images, close };
}

interface ServerParts {
  late: Late;
  clock: Clock;
  faults: FaultRules;
  seed: number;
}

async function startServer(options: SimulatorOptions, parts: ServerParts): Promise<KubeServer> {
  const { late, clock, faults, seed } = parts;
  const { dir, host = '127.0.0.1', port = 0 } = options;
  if (dir !== undefined) mkdirSync(dir, { recursive: true });
  return startKubeServer({
    kinds: simulatedKinds(),
    routes: [
      ...reviewRoutes,
      ...virtApiRoutes({
        client: () => required(late.client),
        handler: () => required(late.controllers).handler,
        hotplug: options.controllers?.hotplug ?? 'HotplugVolumes',
      }),
    ],
    backends: metricsBackends({ state: () => late.server?.store, clock, seed }),
    host,
    port,
    ...(dir === undefined ? {} : { persistDir: join(dir, 'objects') }),
    faults,
  });
}

async function serveImages({ host = '127.0.0.1', imagesPort }: SimulatorOptions): Promise<ImageServer | undefined> {
  return imagesPort === undefined ? undefined : startImageServer({ host, port: imagesPort });
}

function required<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('The cluster is still starting.');
  return part;
}
