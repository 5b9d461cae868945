/**
 * A whole simulated cluster in one process: an API server, and around it ordinary clients that play or imitate everything else.
 *
 * The clients never touch the server's storage, so either side can be exchanged: `startControllers` works against any API server.
 */
import { KubeClient } from '@compute/kube-client';
import {
  clusterKinds,
  FaultRules,
  type KindDefinition,
  type KubeServer,
  reviewRoutes,
  startKubeServer,
} from '@compute/kube-wire';
import { Clock } from './clock.ts';
import { installClusterFixtures } from './cluster-fixtures.ts';
import { type ControllerSet, startControllers } from './controllers.ts';
import { controllerRevisionKind } from './kubevirt/api/controller-revision-kind.ts';
import { virtApiRoutes } from './kubevirt/api/subresource-routes.ts';
import { vmAdmission } from './kubevirt/api/vm-admission.ts';
import { vmiAdmission } from './kubevirt/api/vmi-admission.ts';

export interface SimulatorOptions {
  /** Folder that keeps the cluster over restarts; without it the cluster is gone with the process. */
  dir?: string;
  host?: string;
  /** 0 (the default) takes a free port. */
  port?: number;
  /** 20 makes a minute of the cluster pass in three seconds; 1 by default. */
  timeScale?: number;
  /** Seed of everything that is left to chance. */
  seed?: number;
  /** Hears of errors that are survived. */
  onError?: (error: unknown) => void;
}

export interface Simulator {
  readonly url: string;
  readonly kubeconfig: string;
  readonly server: KubeServer;
  readonly clock: Clock;
  readonly faults: FaultRules;
  readonly controllers: ControllerSet;
  /** Stops clients first, then the server. */
  close(): Promise<void>;
}

/** Starts everything; resolves when the cluster is furnished and its controllers work. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const onError = options.onError ?? (() => undefined);
  const clock = new Clock(options.timeScale ?? 1);
  const faults = new FaultRules();
  const late: { client?: KubeClient; controllers?: ControllerSet } = {};
  const server = await startKubeServer({
    kinds: [...clusterKinds.map(withAdmission), controllerRevisionKind],
    routes: [
      ...reviewRoutes,
      ...virtApiRoutes({ client: () => required(late.client), handler: () => required(late.controllers).handler }),
    ],
    host: options.host ?? '127.0.0.1',
    port: options.port ?? 0,
    ...(options.dir === undefined ? {} : { persistDir: options.dir }),
    faults,
  });
  const kubeconfig = server.kubeconfig();
  const client = KubeClient.fromKubeconfigText(kubeconfig);
  late.client = client;
  await installClusterFixtures(client);
  const controllers = await startControllers({ client, clock, seed: options.seed ?? 1, onError });
  late.controllers = controllers;
  const close = async (): Promise<void> => {
    await controllers.stop();
    await client.close();
    await server.close();
  };
  return { url: server.url, kubeconfig, server, clock, faults, controllers, close };
}

const ADMISSIONS: Readonly<Record<string, Pick<KindDefinition, 'admission'>>> = {
  VirtualMachine: { admission: vmAdmission },
  VirtualMachineInstance: { admission: vmiAdmission },
};

/** virt-api's rules on top of what the kind demands itself. */
function withAdmission(kind: KindDefinition): KindDefinition {
  const { admission } = ADMISSIONS[kind.kind] ?? {};
  return admission === undefined ? kind : { ...kind, admission };
}

function required<T>(part: T | undefined): T {
  if (part === undefined) throw new Error('The cluster is still starting.');
  return part;
}
