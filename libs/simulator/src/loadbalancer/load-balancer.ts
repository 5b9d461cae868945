/**
 * Plays the cluster's load balancer: a Service of type LoadBalancer gets a public address and keeps it until it is deleted or
 * is no LoadBalancer any more. An exhausted pool leaves it pending; the address that comes free goes to whoever waits.
 */
import type { Informer, KubeClient, KubeObject } from '@compute/kube-client';
import { resourceKind } from '@compute/kube-client';
import type { Clock } from '../clock.ts';
import { Controller } from '../controller.ts';
import type { InformerSet } from '../informer-set.ts';
import { AddressPool } from './address-pool.ts';

export interface Service extends KubeObject {
  spec: { type?: string };
  status?: { loadBalancer?: { ingress?: { ip?: string }[] } };
}

export const services = resourceKind<Service>({
  group: '',
  version: 'v1',
  kind: 'Service',
  plural: 'services',
  namespaced: true,
});

export interface LoadBalancerOptions {
  client: KubeClient;
  clock: Clock;
  informers: InformerSet;
  pool?: AddressPool;
  /** From the Service to its address, 300 ms of cluster time. */
  assignMs?: number;
  onError: (error: unknown) => void;
}

const DEFAULT_ASSIGN_MS = 300;

/** Make it before the informers are started, start it after. */
export class LoadBalancer {
  readonly #client: KubeClient;
  readonly #services: Informer<Service>;
  readonly #pool: AddressPool;
  readonly #controller: Controller;
  readonly #assignMs: number;
  /** Services that have none of the addresses, by their key. */
  readonly #waiting = new Set<string>();

  constructor(options: LoadBalancerOptions) {
    this.#client = options.client;
    this.#services = options.informers.of(services);
    this.#pool = options.pool ?? new AddressPool();
    this.#assignMs = options.assignMs ?? DEFAULT_ASSIGN_MS;
    this.#controller = new Controller({
      name: 'load balancer',
      clock: options.clock,
      concurrency: 1,
      reconcile: (key) => this.#process(key),
      onError: options.onError,
    });
  }

  start(): void {
    // What was handed out before a restart is held before anything new is handed out.
    for (const service of this.#services.list()) this.#holdOwn(service);
    this.#controller.watch(this.#services, ({ type, key, object }) => {
      if (type === 'deleted') return this.#free(key, object);
      if (type === 'added' && addressOf(object) === undefined) {
        this.#controller.addAfter(key, this.#assignMs);
        return [];
      }
      return [key];
    });
  }

  async stop(): Promise<void> {
    await this.#controller.stop();
  }

  async #process(key: string): Promise<undefined> {
    const service = this.#services.getByKey(key);
    if (service === undefined) return;
    const address = addressOf(service);
    if (service.spec.type !== 'LoadBalancer') {
      if (address !== undefined) await this.#write(service, null);
      for (const waiting of this.#free(key, service)) this.#controller.add(waiting);
      return;
    }
    if (address !== undefined && this.#holdOwn(service)) return;
    const taken = this.#pool.take(ownerOf(service));
    if (taken === undefined) this.#waiting.add(key);
    else await this.#assign(key, service, taken);
  }

  async #assign(key: string, service: Service, ip: string): Promise<void> {
    this.#waiting.delete(key);
    try {
      await this.#write(service, [{ ip, ipMode: 'VIP' }]);
    } catch (error) {
      this.#pool.release(ownerOf(service));
      throw error;
    }
  }

  #holdOwn(service: Service): boolean {
    const address = addressOf(service);
    return address !== undefined && this.#pool.hold(address, ownerOf(service));
  }

  /** Gives back what a Service held; returns who may try again. */
  #free(key: string, service: Service): string[] {
    this.#waiting.delete(key);
    this.#pool.release(ownerOf(service));
    return [...this.#waiting];
  }

  async #write(service: Service, ingress: { ip: string; ipMode: string }[] | null): Promise<void> {
    const { name, namespace = '', resourceVersion } = service.metadata;
    const patch = { metadata: { resourceVersion }, status: { loadBalancer: { ingress } } };
    await this.#client.mergePatch(services, { namespace, name }, patch, { subresource: 'status' });
  }
}

const addressOf = (service: Service): string | undefined => service.status?.loadBalancer?.ingress?.[0]?.ip;
const ownerOf = (service: Service): string => service.metadata.uid ?? '';
