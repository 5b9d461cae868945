/**
 * Gives Services of type LoadBalancer their address, as MetalLB does.
 *
 * An address belongs to a Service until the Service is deleted or changes its type; changes of ports or annotations keep it. When
 * none is left, the Service stays pending (an event says so) until one is free again. The Services themselves are the only record,
 * so a restart hands out nothing twice.
 */
import { type Informer, type KubeClient, type KubeObject, resourceKind } from '@compute/kube-client';
import type { Clock } from '../clock.ts';
import { Controller } from '../controller.ts';
import { EventRecorder } from '../event-recorder.ts';
import type { InformerSet } from '../informer-set.ts';
import { addressPool } from './address-pool.ts';

export interface Service extends KubeObject {
  spec?: { type?: string; ports?: object[] };
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
  /** Not started yet; whoever made it starts it after all parts were made. */
  informers: InformerSet;
  onError: (error: unknown) => void;
  /** Addresses to hand out, in this order; two documentation networks by default. */
  pool?: readonly string[];
  /** From a Service that wants an address to its having one, in cluster milliseconds, 300. */
  assignMs?: number;
}

/** Make it before the informers are started, start it after. */
export class LoadBalancer {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #services: Informer<Service>;
  readonly #controller: Controller;
  readonly #recorder: EventRecorder;
  readonly #pool: readonly string[];
  readonly #assignMs: number;
  /** Who holds which address, by key; includes what was given and is not seen yet. */
  readonly #holders = new Map<string, string>();
  readonly #waiting = new Set<string>();

  constructor(options: LoadBalancerOptions) {
    const { client, clock, informers, onError } = options;
    this.#client = client;
    this.#clock = clock;
    this.#services = informers.of(services);
    this.#recorder = new EventRecorder(client, 'metallb-controller', onError);
    this.#pool = options.pool ?? addressPool();
    this.#assignMs = options.assignMs ?? 300;
    this.#controller = new Controller({
      name: 'load balancer',
      clock,
      concurrency: 1,
      reconcile: (key) => this.#reconcile(key),
      onError,
    });
  }

  start(): void {
    for (const key of this.#services.keys()) this.#learn(key, this.#services.getByKey(key));
    this.#controller.watch(this.#services, ({ key }) => [key]);
  }

  async stop(): Promise<void> {
    await this.#controller.stop();
  }

  #learn(key: string, service: Service | undefined): void {
    const ip = addressOf(service);
    if (ip !== undefined && wantsAddress(service)) this.#holders.set(ip, key);
  }

  async #reconcile(key: string): Promise<undefined> {
    const service = this.#services.getByKey(key);
    if (service === undefined || !wantsAddress(service)) await this.#release(key, service);
    else if (addressOf(service) === undefined) await this.#assign(key, service);
    else this.#learn(key, service);
  }

  async #assign(key: string, service: Service): Promise<void> {
    const held = this.#addressHeldBy(key);
    const ip = held ?? this.#pool.find((address) => !this.#holders.has(address));
    if (ip === undefined) {
      this.#waiting.add(key);
      const message = `Failed to allocate IP for ${JSON.stringify(key)}: no available IPs`;
      await this.#recorder.tell(service, 'Warning', 'AllocationFailed', message);
      return;
    }
    this.#holders.set(ip, key);
    this.#waiting.delete(key);
    await this.#clock.after(this.#assignMs);
    const patch = {
      metadata: { uid: service.metadata.uid },
      status: { loadBalancer: { ingress: [{ ip, ipMode: 'VIP' }] } },
    };
    await this.#client.mergePatch(services, service.metadata, patch, { subresource: 'status' });
    await this.#recorder.tell(service, 'Normal', 'IPAllocated', `Assigned IP ["${ip}"]`);
  }

  async #release(key: string, service: Service | undefined): Promise<void> {
    this.#waiting.delete(key);
    if (service !== undefined && addressOf(service) !== undefined) {
      const patch = { status: { loadBalancer: { ingress: null } } };
      await this.#client.mergePatch(services, service.metadata, patch, { subresource: 'status' });
    }
    const ip = this.#addressHeldBy(key);
    if (ip === undefined) return;
    this.#holders.delete(ip);
    const [next] = this.#waiting;
    if (next !== undefined) this.#controller.add(next);
  }

  #addressHeldBy(key: string): string | undefined {
    for (const [ip, holder] of this.#holders) if (holder === key) return ip;
    return undefined;
  }
}

function wantsAddress(service: Service | undefined): boolean {
  return service?.spec?.type === 'LoadBalancer' && service.metadata.deletionTimestamp === undefined;
}

function addressOf(service: Service | undefined): string | undefined {
  return service?.status?.loadBalancer?.ingress?.[0]?.ip;
}
