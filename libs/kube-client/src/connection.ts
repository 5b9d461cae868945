// How the cluster is reached: kubeconfig, credentials and TLS are client-node's work, the connections are ours.
// client-node makes a new dispatcher for each call, which means a new TLS handshake for each call; here its credentials are read
// again only every 30 s (or when the server says 401) and all calls share pooled keep-alive connections.
import { type Cluster, type DispatcherOptions, HttpMethod, KubeConfig, RequestContext } from '@kubernetes/client-node';
import { Agent, type Dispatcher } from 'undici';

const credentialsMaxAgeMs = 30_000;

/** KubeConfig that remembers the TLS options it computed, because they are the only part of its dispatcher that we need. */
class RecordingKubeConfig extends KubeConfig {
  dispatcherOptions: DispatcherOptions = { type: 'none' };

  override createDispatcherOptions(
    cluster: Cluster | null,
    agentOptions: Parameters<KubeConfig['createDispatcherOptions']>[1],
  ): DispatcherOptions {
    this.dispatcherOptions = super.createDispatcherOptions(cluster, agentOptions);
    return this.dispatcherOptions;
  }
}

/** Credentials and connections as they are now. `calls` is a bounded pool, `watches` is unbounded and never times out by itself. */
export interface Session {
  readonly headers: Readonly<Record<string, string>>;
  readonly calls: Dispatcher;
  readonly watches: Dispatcher;
}

interface CachedSession {
  session: Session;
  tlsFingerprint: string;
  readAt: number;
}

/** One cluster of a kubeconfig, with the identity of its current context. */
export class Connection {
  readonly server: URL;
  readonly #config: RecordingKubeConfig;
  readonly #connections: number;
  #cached: CachedSession | undefined;
  #refreshing: Promise<Session> | undefined;

  private constructor(config: RecordingKubeConfig, connections: number) {
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new TypeError('the kubeconfig has no current cluster');
    allowPlainHttp(config);
    this.server = new URL(cluster.server);
    this.#config = config;
    this.#connections = connections;
  }

  static fromFile(path: string, connections: number): Connection {
    const config = new RecordingKubeConfig();
    config.loadFromFile(path);
    return new Connection(config, connections);
  }

  static fromText(text: string, connections: number): Connection {
    const config = new RecordingKubeConfig();
    config.loadFromString(text);
    return new Connection(config, connections);
  }

  /** In order: the files of KUBECONFIG, ~/.kube/config, the service account of the pod. */
  static fromDefault(connections: number): Connection {
    const config = new RecordingKubeConfig();
    config.loadFromDefault();
    return new Connection(config, connections);
  }

  /** Credentials for the next call. `force` reads them again even if they are fresh (after a 401). */
  async session(force = false): Promise<Session> {
    const cached = this.#cached;
    if (cached !== undefined && !force && Date.now() - cached.readAt < credentialsMaxAgeMs) return cached.session;
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** Closes every connection, watches included. */
  async close(): Promise<void> {
    const cached = this.#cached;
    this.#cached = undefined;
    await Promise.all([cached?.session.calls.destroy(), cached?.session.watches.destroy()]);
  }

  async #refresh(): Promise<Session> {
    const context = new RequestContext(this.server.href, HttpMethod.GET);
    await this.#config.applySecurityAuthentication(context);
    const options = this.#config.dispatcherOptions;
    const tlsFingerprint = fingerprint(options);
    const headers = context.getHeaders();
    const reused = this.#cached?.tlsFingerprint === tlsFingerprint ? this.#cached.session : undefined;
    const session =
      reused === undefined ? this.#open(options, headers, context.getDispatcher()) : { ...reused, headers };
    this.#cached = { session, tlsFingerprint, readAt: Date.now() };
    return session;
  }

  #open(options: DispatcherOptions, headers: Record<string, string>, fallback: Dispatcher | undefined): Session {
    if ((options.type === 'proxy' || options.type === 'socks') && fallback !== undefined) {
      return { headers, calls: fallback, watches: fallback };
    }
    const connect = options.type === 'agent' ? options.connect : {};
    const calls = new Agent({ connect, connections: this.#connections, keepAliveTimeout: 30_000 });
    const watches = new Agent({ connect, keepAliveTimeout: 1_000, headersTimeout: 0, bodyTimeout: 0 });
    return { headers, calls, watches };
  }
}

// client-node refuses http:// servers unless TLS verification is off; without TLS there is nothing to verify.
function allowPlainHttp(config: KubeConfig): void {
  config.clusters = config.clusters.map((cluster) =>
    cluster.server.startsWith('http:') ? { ...cluster, skipTLSVerify: true } : cluster,
  );
}

function fingerprint(options: DispatcherOptions): string {
  return JSON.stringify(options, (_name, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  );
}
