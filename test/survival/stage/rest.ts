/** The API as a caller uses it who does not give up: a call is repeated under one idempotency key until it is answered. */
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

const RETRY_MS = 200;
const GIVE_UP_MS = 90_000;

export class Refused extends Error {
  readonly status: number;

  constructor(status: number, text: string) {
    super(`${status} ${text}`);
    this.status = status;
  }
}

export interface Manifest {
  readonly kind: 'VMDisk' | 'VMInstance';
  readonly metadata: { readonly name: string; readonly uid?: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

const FOLDER = { VMDisk: 'vm-disks', VMInstance: 'vm-instances' } as const;
export type RestKind = keyof typeof FOLDER;

export class Rest {
  readonly #url: () => string;
  readonly #key: string;

  constructor(url: () => string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  /** Resolves when it is accepted. Throws `Refused` for what the API will not do. */
  create(project: string, kind: RestKind, name: string, spec: object): Promise<{ metadata: { uid: string } }> {
    const body = { apiVersion: 'apps.cozystack.io/v1alpha1', kind, metadata: { name }, spec };
    return this.#send('POST', `${project}/${FOLDER[kind]}`, body);
  }

  edit(project: string, kind: RestKind, name: string, spec: object): Promise<unknown> {
    return this.#send('PATCH', `${project}/${FOLDER[kind]}/${name}`, { spec });
  }

  act(project: string, kind: RestKind, name: string, verb: string, options?: object): Promise<unknown> {
    return this.#send('POST', `${project}/${FOLDER[kind]}/${name}:${verb}`, options);
  }

  delete(project: string, kind: RestKind, name: string): Promise<unknown> {
    return this.#send('DELETE', `${project}/${FOLDER[kind]}/${name}`);
  }

  async #send<T>(method: string, path: string, body?: object): Promise<T> {
    const key = randomUUID();
    const deadline = performance.now() + GIVE_UP_MS;
    for (;;) {
      const answer = await this.#once(method, path, key, body).catch((error: unknown) => error);
      if (answer instanceof Response && answer.ok) return (await answer.json()) as T;
      const passes = !(answer instanceof Response) || answer.status >= 500 || answer.status === 429;
      if (!passes) throw new Refused(answer.status, await answer.text());
      if (performance.now() > deadline) throw new Error(`${method} ${path} was not answered`, { cause: answer });
      await pause(RETRY_MS);
    }
  }

  #once(method: string, path: string, key: string, body: object | undefined): Promise<Response> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.#key}`, 'idempotency-key': key };
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    if (body !== undefined) headers['content-type'] = type;
    return fetch(`${this.#url()}/v1/projects/${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}
