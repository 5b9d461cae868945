/**
 * Opens the cluster of a combination. Players (scheduler, kubelet, storage, virt-handler, load balancer) are ours in all of
 * them; whatever the real side brings itself is left out of ours, or two hands would move one object.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isAlreadyExists, KubeClient, type KubeObject, resourceKind } from '@compute/kube-client';
import { reviewRoutes, startKubeServer } from '@compute/kube-wire';
import {
  Clock,
  type ControllerOptions,
  type ControllerSet,
  installClusterFixtures,
  simulatedKinds,
  startControllers,
  startSimulator,
  virtApiRoutes,
} from '@compute/simulator';
import { parseAllDocuments } from 'yaml';
import { HandlerDoor } from '../players/handler-door.ts';
import { podNetworkOfProcess, TransferMetrics } from '../players/transfer-metrics.ts';
import { createObjects, objectsIn } from '../real/definitions.ts';
import {
  furnishKubeVirtAndCdi,
  installKubeVirtAndCdi,
  removeWebhooks,
  startControllersAlone,
  startRealControllers,
} from '../real/real-controllers.ts';
import { RealPrograms } from '../real/real-programs.ts';
import { RealServer } from '../real/real-server.ts';
import { USERS } from '../real/users.ts';
import type { Combination } from './combination.ts';
import { type CustomDefinition, kindsForRealControllers } from './kinds-of-definitions.ts';

/** How much faster than real our players and controllers are, unless said otherwise. */
const TIME_SCALE = 10;
const ROLE_FILE = fileURLToPath(new URL('../../../deploy/cluster/worker-role.yaml', import.meta.url));

export interface OpenCluster {
  readonly combination: Combination;
  /** Path of the kubeconfig that the worker is given. */
  readonly kubeconfig: string;
  /** Somebody who may do everything. */
  readonly admin: KubeClient;
  /** The server's process, where it is one of its own. */
  readonly server: RealServer | undefined;
  /** Folder of logs and data. */
  readonly folder: string;
  /** Orders to what is played by us: guests, nodes, storage. */
  readonly players: Pick<ControllerSet, 'guests' | 'switches'>;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** How much faster than real our players and controllers are, 10. */
  readonly timeScale?: number;
}

interface Opening {
  readonly pieces: string | undefined;
  readonly folder: string;
  readonly timeScale: number;
}

/** `pieces` is the folder of the built programs, needed for every combination with a real side. */
export async function openCluster(
  combination: Combination,
  pieces: string | undefined,
  { timeScale = TIME_SCALE }: OpenOptions = {},
): Promise<OpenCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'cluster-test-'));
  const open = combination.server === 'real' ? openReal : openOurs;
  try {
    return await open(combination, { pieces, folder, timeScale });
  } catch (error) {
    if (process.env.CLUSTER_KEEP === undefined) rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function openOurs(combination: Combination, opening: Opening): Promise<OpenCluster> {
  if (combination.controllers === 'real') return openOursForReal(combination, opening);
  const { folder, timeScale } = opening;
  const simulator = await startSimulator({ timeScale });
  await ensureImagesNamespace(simulator.client);
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, simulator.kubeconfig, { mode: 0o600 });
  return {
    combination,
    kubeconfig,
    admin: simulator.client,
    server: undefined,
    folder,
    players: simulator.controllers,
    close: async () => {
      await simulator.close();
      removeFolder(folder);
    },
  };
}

/** Our server with the real controllers: they find the definitions that they ask for, and nobody's webhooks. */
async function openOursForReal(combination: Combination, opening: Opening): Promise<OpenCluster> {
  const { folder } = opening;
  const pieces = required(opening.pieces);
  const definitions = [...objectsIn(join(pieces, 'crds/kubevirt')), ...objectsIn(join(pieces, 'crds/cdi'))];
  let client: KubeClient | undefined;
  let players: ControllerSet | undefined;
  const server = await startKubeServer({
    kinds: kindsForRealControllers(simulatedKinds(), definitions as unknown as CustomDefinition[]),
    routes: [
      ...reviewRoutes,
      ...virtApiRoutes({
        client: () => started(client),
        handler: () => started(players).handler,
        hotplug: 'HotplugVolumes',
      }),
    ],
  });
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, server.kubeconfig(), { mode: 0o600 });
  client = KubeClient.fromKubeconfigText(server.kubeconfig(), { fieldManager: 'players' });
  const programs = new RealPrograms({ pieces, folder });
  const close = async (): Promise<void> => {
    await players?.stop();
    await programs.close();
    await client?.close();
    await server.close();
    removeFolder(folder);
  };
  try {
    await furnishKubeVirtAndCdi(client);
    await installClusterFixtures(client);
    await ensureImagesNamespace(client);
    await startControllersAlone(programs, kubeconfig);
    players = await startPlayers(client, opening, { without: ['cdi', 'virt-controller'] });
  } catch (error) {
    await close();
    throw error;
  }
  return { combination, kubeconfig, admin: client, server: undefined, folder, players, close };
}

async function openReal(combination: Combination, opening: Opening): Promise<OpenCluster> {
  const { folder } = opening;
  const server = await RealServer.start({ pieces: required(opening.pieces), folder });
  const admin = server.client('admin', 'cluster-test');
  const handler = server.client('virt-handler', 'players');
  let players: ControllerSet | undefined;
  let door: HandlerDoor | undefined;
  const close = async (): Promise<void> => {
    await players?.stop();
    door?.close();
    await removeWebhooks(admin).catch(() => undefined);
    await Promise.all([admin.close(), handler.close()]);
    await server.close();
    removeFolder(folder);
  };
  try {
    await furnish(server, admin);
    const isReal = combination.controllers === 'real';
    if (isReal) {
      door = await HandlerDoor.open({ client: handler, callers: server.ca() });
      await startRealControllers(server, admin, door.port);
    }
    players = await startPlayers(handler, opening, {
      // kube-controller-manager binds volumes; nodes are as we say they are.
      withoutPlayers: ['volumeBinder', 'nodeHealth'],
      without: isReal ? ['cdi', 'virt-controller'] : [],
    });
    door?.leadsTo(players.handler);
  } catch (error) {
    await close();
    throw error;
  }
  return { combination, kubeconfig: server.kubeconfig('worker'), admin, server, folder, players, close };
}

async function furnish(server: RealServer, admin: KubeClient): Promise<void> {
  await installKubeVirtAndCdi(admin, server.programs.pieces);
  await installClusterFixtures(admin);
  await ensureImagesNamespace(admin);
  await createObjects(admin, [...workerRole(), workerBinding()]);
}

/** The namespace of the golden images, which the platform has before there are any. */
async function ensureImagesNamespace(client: KubeClient): Promise<void> {
  const namespaces = resourceKind({
    group: '',
    version: 'v1',
    kind: 'Namespace',
    plural: 'namespaces',
    namespaced: false,
  });
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'cozy-public' } };
  await client.create(namespaces, namespace).catch((error: unknown) => {
    if (!isAlreadyExists(error)) throw error;
  });
}

/** Players, and our controllers unless they are left out. CDI's real ones read progress where its pods tell it. */
async function startPlayers(
  client: KubeClient,
  { folder, timeScale }: Opening,
  leftOut: Partial<Pick<ControllerOptions, 'without' | 'withoutPlayers'>>,
): Promise<ControllerSet> {
  const log = join(folder, 'players.log');
  const onError = (error: unknown): void => writeFileSync(log, `${describe(error)}\n`, { flag: 'a' });
  const metrics = new TransferMetrics(client, onError);
  await metrics.start();
  const clock = new Clock(timeScale);
  const podNetwork = podNetworkOfProcess();
  const controllers = await startControllers({ client, clock, seed: 1, podNetwork, onError, ...leftOut });
  const stop = async (): Promise<void> => {
    await metrics.stop();
    await controllers.stop();
  };
  return { ...controllers, stop };
}

function started<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('The cluster is still starting.');
  return part;
}

/** The role that a deployment gives the worker. */
export function workerRole(): KubeObject[] {
  return parseAllDocuments(readFileSync(ROLE_FILE, 'utf8')).map((document) => document.toJS() as KubeObject);
}

function workerBinding(): KubeObject {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'compute-worker' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'compute-worker' },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: USERS.worker.name }],
  } as KubeObject;
}

/** CLUSTER_KEEP leaves logs and data where they are, for a look afterwards. */
function removeFolder(folder: string): void {
  if (process.env.CLUSTER_KEEP === undefined) rmSync(folder, { recursive: true, force: true });
}

function required(pieces: string | undefined): string {
  if (pieces === undefined)
    throw new Error('The programs of the real cluster are needed: npm run test:cluster builds them.');
  return pieces;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describe(error.cause)}`;
}
