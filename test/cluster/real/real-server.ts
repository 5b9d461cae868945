/**
 * A real API server on loopback: etcd, kube-apiserver with RBAC, and the controllers of kube-controller-manager that a
 * cluster without nodes needs. Each is a process of its own, so that one can die alone.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@compute/dev-stack';
import { KubeClient } from '@compute/kube-client';
import type { Program } from './program.ts';
import { RealPrograms } from './real-programs.ts';
import { kubeconfigFor, newTokens, tokenFile, USERS, type UserName } from './users.ts';

const CONTROLLERS = [
  'garbage-collector-controller',
  'namespace-controller',
  'persistentvolumeclaim-protection-controller',
  'persistentvolume-protection-controller',
  'persistentvolume-binder-controller',
  'resourcequota-controller',
  // Without the default account of its namespace no pod is accepted.
  'serviceaccount-controller',
];

/** Every request of the worker, so that its role can be compared with what it does. */
const AUDIT_POLICY = JSON.stringify({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata', users: [USERS.worker.name] }, { level: 'None' }],
});

interface Ports {
  readonly api: number;
  readonly etcd: number;
  readonly etcdPeer: number;
  readonly controllers: number;
}

export interface RealServerOptions {
  /** Folder with the built programs. */
  readonly pieces: string;
  /** Folder for certificates, data and logs. */
  readonly folder: string;
}

export class RealServer {
  readonly url: string;
  /** Folder of certificates and keys. */
  readonly pki: string;
  readonly programs: RealPrograms;
  readonly #ports: Ports;
  readonly #kubeconfigs: Readonly<Record<UserName, string>>;
  #api: Program | undefined;

  private constructor({ pieces, folder }: RealServerOptions, ports: Ports) {
    this.programs = new RealPrograms({ pieces, folder });
    this.pki = join(folder, 'pki');
    this.#ports = ports;
    this.url = `https://127.0.0.1:${ports.api}`;
    mkdirSync(folder, { recursive: true });
    this.programs.run('kubernetes', ['pki', this.pki]);
    writeFileSync(this.#auditPolicy, AUDIT_POLICY);
    const tokens = newTokens();
    writeFileSync(join(this.pki, 'tokens.csv'), tokenFile(tokens), { mode: 0o600 });
    const write = (user: UserName): string => {
      const file = join(folder, `${user}.kubeconfig`);
      writeFileSync(file, kubeconfigFor(this.url, tokens[user], join(this.pki, 'ca.crt')), { mode: 0o600 });
      return file;
    };
    const names = Object.keys(USERS) as UserName[];
    this.#kubeconfigs = Object.fromEntries(names.map((name) => [name, write(name)])) as Record<UserName, string>;
  }

  /** Resolves when the API server is ready and the controllers run. */
  static async start(options: RealServerOptions): Promise<RealServer> {
    const taken = new Set<number>();
    const port = async (): Promise<number> => {
      const free = await freePort(undefined, taken);
      taken.add(free);
      return free;
    };
    const ports = { api: await port(), etcd: await port(), etcdPeer: await port(), controllers: await port() };
    const server = new RealServer(options, ports);
    try {
      await server.#start();
    } catch (error) {
      await server.close();
      throw error;
    }
    return server;
  }

  /** One line of JSON for each request of the worker. */
  get auditLog(): string {
    return join(this.programs.folder, 'audit.log');
  }

  get #auditPolicy(): string {
    return join(this.programs.folder, 'audit-policy.json');
  }

  /** Path of a kubeconfig for a user. */
  kubeconfig(user: UserName): string {
    return this.#kubeconfigs[user];
  }

  /** A client of a user, to be closed by the caller. */
  client(user: UserName, fieldManager: string): KubeClient {
    return KubeClient.fromKubeconfigFile(this.kubeconfig(user), { fieldManager });
  }

  /** The authority that clients trust, as PEM. */
  ca(): Buffer {
    return readFileSync(join(this.pki, 'ca.crt'));
  }

  /** The API server dies without a word; the data stays. */
  async killApiServer(): Promise<void> {
    await this.#api?.kill();
  }

  async restartApiServer(): Promise<void> {
    await this.#api?.startAgain();
  }

  /** Forgets all history: a watch from any older revision gets 410 once the API server's own memory is gone too. */
  compactEtcd(): void {
    this.programs.run('kubernetes', ['compact', `--port=${this.#ports.etcd}`]);
  }

  async close(): Promise<void> {
    await this.programs.close();
  }

  async #start(): Promise<void> {
    const { etcd, etcdPeer, controllers } = this.#ports;
    const dir = join(this.programs.folder, 'etcd');
    const etcdArgs = ['etcd', `--dir=${dir}`, `--port=${etcd}`, `--peer-port=${etcdPeer}`];
    const isHealthy = async () => (await fetch(`http://127.0.0.1:${etcd}/health`)).ok;
    await this.programs.start('etcd', 'kubernetes', etcdArgs, isHealthy);
    const probe = this.client('admin', 'probe');
    const isReady = async () => (await probe.raw<string>('GET', '/readyz', undefined, { timeoutMs: 2_000 })) === 'ok';
    this.#api = await this.programs.start(
      'kube-apiserver',
      'kubernetes',
      ['kube-apiserver', ...this.#apiFlags()],
      isReady,
    );
    await probe.close();
    const managerArgs = [
      'kube-controller-manager',
      `--kubeconfig=${this.kubeconfig('admin')}`,
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      `--secure-port=${controllers}`,
      `--cert-dir=${join(this.programs.folder, 'controller-manager')}`,
      `--controllers=${CONTROLLERS.join(',')}`,
    ];
    await this.programs.start('kube-controller-manager', 'kubernetes', managerArgs, async () => true);
  }

  #apiFlags(): string[] {
    const pki = (file: string): string => join(this.pki, file);
    return [
      `--etcd-servers=http://127.0.0.1:${this.#ports.etcd}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      `--secure-port=${this.#ports.api}`,
      '--endpoint-reconciler-type=none',
      '--service-cluster-ip-range=10.0.0.0/16',
      `--tls-cert-file=${pki('apiserver.crt')}`,
      `--tls-private-key-file=${pki('apiserver.key')}`,
      `--client-ca-file=${pki('ca.crt')}`,
      `--token-auth-file=${pki('tokens.csv')}`,
      '--authorization-mode=RBAC',
      `--audit-policy-file=${this.#auditPolicy}`,
      `--audit-log-path=${this.auditLog}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${pki('accounts.pub')}`,
      `--service-account-signing-key-file=${pki('accounts.key')}`,
      '--allow-privileged=true',
      '--profiling=false',
      // The aggregation layer, for KubeVirt's subresources.
      `--requestheader-client-ca-file=${pki('front-ca.crt')}`,
      '--requestheader-allowed-names=front-proxy-client',
      '--requestheader-username-headers=X-Remote-User',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      `--proxy-client-cert-file=${pki('front.crt')}`,
      `--proxy-client-key-file=${pki('front.key')}`,
    ];
  }
}
