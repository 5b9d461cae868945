/**
 * Opens the cluster of a combination. Players (scheduler, kubelet, storage, virt-handler, load balancer) are ours in all of
 * them; whatever the real side brings itself is left out of ours, or two hands would move one object.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KubeClient, type KubeObject } from '@compute/kube-client';
import {
  Clock,
  type ControllerSet,
  installClusterFixtures,
  startControllers,
  startSimulator,
} from '@compute/simulator';
import { parseAllDocuments } from 'yaml';
import { createObjects } from '../real/definitions.ts';
import { installKubeVirtAndCdi, removeWebhooks, startRealControllers } from '../real/real-controllers.ts';
import { RealServer } from '../real/real-server.ts';
import { USERS } from '../real/users.ts';
import type { Combination } from './combination.ts';

/** How much faster than real our players and controllers are. */
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
  close(): Promise<void>;
}

/** `pieces` is the folder of the built programs, needed for every combination with a real side. */
export async function openCluster(combination: Combination, pieces: string | undefined): Promise<OpenCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'cluster-test-'));
  const open = combination.server === 'real' ? openReal : openOurs;
  try {
    return await open(combination, pieces, folder);
  } catch (error) {
    if (process.env.CLUSTER_KEEP === undefined) rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

async function openOurs(combination: Combination, _pieces: string | undefined, folder: string): Promise<OpenCluster> {
  const simulator = await startSimulator({ timeScale: TIME_SCALE });
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, simulator.kubeconfig, { mode: 0o600 });
  return {
    combination,
    kubeconfig,
    admin: simulator.client,
    server: undefined,
    folder,
    close: async () => {
      await simulator.close();
      removeFolder(folder);
    },
  };
}

async function openReal(combination: Combination, pieces: string | undefined, folder: string): Promise<OpenCluster> {
  const server = await RealServer.start({ pieces: required(pieces), folder });
  const admin = server.client('admin', 'cluster-test');
  const handler = server.client('virt-handler', 'players');
  let players: ControllerSet | undefined;
  const close = async (): Promise<void> => {
    await players?.stop();
    await removeWebhooks(admin).catch(() => undefined);
    await Promise.all([admin.close(), handler.close()]);
    await server.close();
    removeFolder(folder);
  };
  try {
    await furnish(server, admin);
    const isReal = combination.controllers === 'real';
    if (isReal) await startRealControllers(server, admin);
    players = await startPlayers(handler, folder, isReal);
  } catch (error) {
    await close();
    throw error;
  }
  return { combination, kubeconfig: server.kubeconfig('worker'), admin, server, folder, close };
}

async function furnish(server: RealServer, admin: KubeClient): Promise<void> {
  await installKubeVirtAndCdi(admin, server.pieces);
  await installClusterFixtures(admin);
  await createObjects(admin, [...workerRole(), workerBinding()]);
}

/** Players, and our controllers unless the real ones run. */
function startPlayers(client: KubeClient, folder: string, controllersAreReal: boolean): Promise<ControllerSet> {
  mkdirSync(folder, { recursive: true });
  const log = join(folder, 'players.log');
  return startControllers({
    client,
    clock: new Clock(TIME_SCALE),
    seed: 1,
    onError: (error) => writeFileSync(log, `${describe(error)}\n`, { flag: 'a' }),
    // kube-controller-manager binds volumes; nodes are as we say they are.
    withoutPlayers: ['volumeBinder', 'nodeHealth'],
    without: controllersAreReal ? ['cdi', 'virt-controller'] : [],
  });
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
