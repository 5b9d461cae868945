/**
 * The door of virt-handler as virt-api knocks at it: over TLS with certificates on both sides, at the address of the pod of
 * virt-handler on the machine's node. What is asked for is done by the virt-handler that is played. One door serves all nodes.
 */
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type KubeClient, KubeError, type KubeObject, resourceKind } from '@compute/kube-client';
import { type Certificate, selfSignedCertificate } from '@compute/kube-wire';
import type { ControllerSet } from '@compute/simulator';
import { createObjects } from '../real/definitions.ts';

const ADDRESS = '127.0.0.1';
const ACCOUNT_ATTEMPTS = 100;
const ACCOUNT_PAUSE_MS = 100;
/** The name that virt-api insists on. */
const COMMON_NAME = 'kubevirt.io:system:node:virt-handler';
const CALL = /^\/v1\/namespaces\/([^/]+)\/virtualmachineinstances\/([^/]+)\/(pause|unpause)$/;

type VirtHandler = ControllerSet['handler'];
type Instance = Parameters<VirtHandler['pause']>[0];

const instances = resourceKind<Instance>({
  group: 'kubevirt.io',
  version: 'v1',
  kind: 'VirtualMachineInstance',
  plural: 'virtualmachineinstances',
  namespaced: true,
});
const nodes = resourceKind({ group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false });
const pods = resourceKind({ group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true });

export interface HandlerDoorOptions {
  /** Somebody who may do everything. */
  readonly client: KubeClient;
  /** The authority of virt-api's certificate, as PEM. */
  readonly callers: Buffer;
}

export class HandlerDoor {
  readonly #client: KubeClient;
  readonly #server: Server;
  #handler: VirtHandler | undefined;

  private constructor({ client, callers }: HandlerDoorOptions, { cert, key }: Certificate) {
    this.#client = client;
    const tls = { cert, key, ca: callers, requestCert: true, rejectUnauthorized: true };
    this.#server = createServer(tls, ({ method, url = '' }, response) => {
      this.#answer(method === 'PUT' ? CALL.exec(url) : null).then(
        (status) => response.writeHead(status).end(),
        (error: unknown) => response.writeHead(500).end(String(error)),
      );
    });
  }

  /** Listens, and furnishes the cluster with what leads virt-api here. The nodes must be there. */
  static async open(options: HandlerDoorOptions): Promise<HandlerDoor> {
    const certificate = selfSignedCertificate([ADDRESS], { commonName: COMMON_NAME });
    const door = new HandlerDoor(options, certificate);
    await new Promise<void>((resolve, reject) => {
      door.#server.once('error', reject).listen(0, ADDRESS, resolve);
    });
    await createObjects(options.client, [authorityOf(certificate)]);
    const { items } = await options.client.list(nodes);
    for (const { metadata } of items) await door.#showPod(metadata.name);
    return door;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Who does what is asked for. Until then nothing can be asked. */
  leadsTo(handler: VirtHandler): void {
    this.#handler = handler;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** The status of the answer. */
  async #answer(call: RegExpExecArray | null): Promise<number> {
    const [, namespace = '', name = '', verb] = call ?? [];
    if (call === null) return 404;
    const vmi = await this.#client.get(instances, { namespace, name });
    if (vmi === undefined || this.#handler === undefined) return 404;
    try {
      await (verb === 'pause' ? this.#handler.pause(vmi) : this.#handler.unpause(vmi));
    } catch (error) {
      if (error instanceof KubeError && error.status === 409) return this.#answer(call);
      throw error;
    }
    return 202;
  }

  async #showPod(nodeName: string): Promise<void> {
    const metadata = {
      name: `virt-handler-${nodeName}`,
      namespace: 'kubevirt',
      labels: { 'kubevirt.io': 'virt-handler' },
    };
    const spec = { nodeName, containers: [{ name: 'virt-handler', image: 'images.invalid/virt-handler:test' }] };
    await this.#createPod({ apiVersion: 'v1', kind: 'Pod', metadata, spec } as KubeObject);
    const status = { phase: 'Running', podIP: ADDRESS, podIPs: [{ ip: ADDRESS }] };
    await this.#client.mergePatch(pods, metadata, { status }, { subresource: 'status' });
  }

  /** A pod is refused until a controller has made the account of its namespace. */
  async #createPod(pod: KubeObject): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#client.create(pods, pod);
        return;
      } catch (error) {
        if (!(error instanceof KubeError) || error.status !== 403 || attempt === ACCOUNT_ATTEMPTS) throw error;
        await delay(ACCOUNT_PAUSE_MS);
      }
    }
  }
}

/** By which virt-api knows a virt-handler. */
function authorityOf({ ca }: Certificate): KubeObject {
  const metadata = { name: 'kubevirt-ca', namespace: 'kubevirt' };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'ca-bundle': ca } } as KubeObject;
}
