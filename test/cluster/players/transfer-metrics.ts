/**
 * What importers and cloners tell of their progress where CDI's real controllers read it: at `/metrics` of the pod's own
 * address, over TLS. The played kubelet writes the same percent on the pod, from where it is taken; pods have addresses of
 * loopback for that.
 */
import { createServer, type Server } from 'node:https';
import { Informer, type InformerChange, type KubeClient, type KubeObject, resourceKind } from '@compute/kube-client';
import { type Certificate, selfSignedCertificate } from '@compute/kube-wire';
import { progressAnnotation } from '@compute/simulator';

const MAX_THIRD_BYTE = 254;
/** The container of a pod that transfers data, and the series that it tells its percent by. */
const SERIES: Readonly<Record<string, string>> = {
  importer: 'kubevirt_cdi_import_progress_total',
  'cdi-clone-source': 'kubevirt_cdi_clone_progress_total',
};

interface Pod extends KubeObject {
  readonly spec: { readonly containers: readonly Container[] };
  readonly status?: { readonly phase?: string; readonly podIP?: string };
}

interface Container {
  readonly name: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[];
}

const pods = resourceKind<Pod>({ group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true });

/** The first half of the addresses of a cluster's pods: of loopback, and another one for each process. */
export function podNetworkOfProcess(): string {
  return `127.${1 + (process.pid % MAX_THIRD_BYTE)}`;
}

export class TransferMetrics {
  readonly #informer: Informer<Pod>;
  readonly #servers = new Map<string, Server>();
  readonly #certificate: Certificate = selfSignedCertificate(['importer']);
  readonly #onError: (error: unknown) => void;

  constructor(client: KubeClient, onError: (error: unknown) => void) {
    this.#onError = onError;
    this.#informer = new Informer({ client, kind: pods, onError });
    this.#informer.onChange((change) => this.#see(change));
  }

  start(): Promise<void> {
    return this.#informer.start();
  }

  async stop(): Promise<void> {
    await this.#informer.stop();
    for (const uid of [...this.#servers.keys()]) this.#close(uid);
  }

  #see({ type, object }: InformerChange<Pod>): void {
    const { uid = '' } = object.metadata;
    const serves = type !== 'deleted' && object.status?.phase === 'Running';
    if (!serves) this.#close(uid);
    else if (!this.#servers.has(uid)) this.#open(object);
  }

  #open({ metadata, spec, status }: Pod): void {
    const container = spec.containers.find(({ name }) => name in SERIES);
    const port = container?.ports?.find(({ name }) => name === 'metrics')?.containerPort;
    if (container === undefined || port === undefined || status?.podIP === undefined) return;
    const owner = container.env?.find(({ name }) => name === 'OWNER_UID')?.value ?? '';
    const { cert, key } = this.#certificate;
    const server = createServer({ cert, key }, (_request, response) => {
      const percent = this.#informer.get(metadata.namespace, metadata.name)?.metadata.annotations?.[progressAnnotation];
      const line = percent === undefined ? '' : `${SERIES[container.name]}{ownerUID="${owner}"} ${percent}\n`;
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(line);
    });
    server.on('error', this.#onError);
    server.listen(port, status.podIP);
    this.#servers.set(metadata.uid ?? '', server);
  }

  #close(uid: string): void {
    const server = this.#servers.get(uid);
    server?.close();
    server?.closeAllConnections();
    this.#servers.delete(uid);
  }
}
