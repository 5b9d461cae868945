/** A server for one test file and a bare HTTP client for it, so that tests see exactly what goes over the wire. */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { clusterKinds } from '../kinds/cluster-kinds.ts';
import { reviewRoutes } from '../kinds/other-kinds.ts';
import type { Fields } from '../protocol/kube-object.ts';
import { fieldsOf } from '../protocol/kube-object.ts';
import { type KubeServer, type KubeServerOptions, startKubeServer } from '../start-kube-server.ts';
import { WatchClient } from './watch-client.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The parsed body; an empty object when it is no JSON object. */
  body: Fields & { metadata: Fields; items: Fields[] };
}

export interface CallOptions {
  type?: string;
  accept?: string;
  headers?: Record<string, string>;
}

export interface TestCluster extends AsyncDisposable {
  server: KubeServer;
  call(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
  get(path: string, accept?: string): Promise<Answer>;
  post(path: string, body: unknown): Promise<Answer>;
  put(path: string, body: unknown): Promise<Answer>;
  mergePatch(path: string, patch: unknown): Promise<Answer>;
  apply(path: string, configuration: unknown, manager: string, parameters?: string): Promise<Answer>;
  remove(path: string, options?: Fields): Promise<Answer>;
  watch(path: string, accept?: string): Promise<WatchClient>;
}

/** Starts a server with the cluster's kinds on a free port. */
export async function startTestCluster(options: Partial<KubeServerOptions> = {}): Promise<TestCluster> {
  const server = await startKubeServer({ kinds: clusterKinds, routes: reviewRoutes, ...options });
  const call: TestCluster['call'] = (method, path, body, { type = 'application/json', accept, headers = {} } = {}) => {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const all = { ...(text === undefined ? {} : { 'content-type': type }), ...(accept && { accept }), ...headers };
    return send(server.url + path, method, text as string | undefined, all);
  };
  const apply: TestCluster['apply'] = (path, configuration, manager, parameters = '') => {
    const type = 'application/apply-patch+yaml';
    return call('PATCH', `${path}?fieldManager=${manager}${parameters}`, configuration, { type });
  };
  return {
    server,
    call,
    get: (path, accept) => call('GET', path, undefined, accept === undefined ? {} : { accept }),
    post: (path, body) => call('POST', path, body),
    put: (path, body) => call('PUT', path, body),
    mergePatch: (path, patch) => call('PATCH', path, patch, { type: 'application/merge-patch+json' }),
    apply,
    remove: (path, body) => call('DELETE', path, body),
    watch: (path, accept) => WatchClient.open(server.url + path, accept),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

function send(url: string, method: string, body: string | undefined, headers: Record<string, string>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // Node states no length for the bodies of DELETE by itself.
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const request = httpRequest(url, { method, headers: { ...headers, ...length }, agent: false }, async (response) => {
      try {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: parse(text) });
      } catch (error) {
        reject(error);
      }
    });
    request.on('error', reject);
    request.end(body);
  });
}

function parse(text: string): Answer['body'] {
  try {
    return fieldsOf(JSON.parse(text)) as Answer['body'];
  } catch {
    return {} as Answer['body'];
  }
}

/** Asks again, in later turns, until the answer satisfies; for state that a controller of the server brings about. */
export async function eventually(ask: () => Promise<Answer>, satisfied: (answer: Answer) => boolean): Promise<Answer> {
  for (let attempt = 0; attempt < 500; attempt++) {
    const answer = await ask();
    if (satisfied(answer)) return answer;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('the expected state was not reached');
}

/** Objects of the tests. */
export const configMap = (name: string, data: Record<string, string> = {}, metadata: Fields = {}): Fields => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
});

export const virtualMachine = (name: string, spec: Fields = {}, metadata: Fields = {}): Fields => ({
  apiVersion: 'kubevirt.io/v1',
  kind: 'VirtualMachine',
  metadata: { name, ...metadata },
  spec: { runStrategy: 'Always', template: { spec: { domain: { devices: {} } } }, ...spec },
});

export const virtualMachineInstance = (name: string): Fields => ({
  apiVersion: 'kubevirt.io/v1',
  kind: 'VirtualMachineInstance',
  metadata: { name },
  spec: { domain: { devices: {} } },
});

export const claim = (name: string, storage: string, spec: Fields = {}): Fields => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } }, ...spec },
});

export const pod = (name: string, spec: Fields = {}): Fields => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'main', image: 'registry.example/image:1' }], ...spec },
});

export const paths = {
  configMaps: '/api/v1/namespaces/default/configmaps',
  claims: '/api/v1/namespaces/default/persistentvolumeclaims',
  pods: '/api/v1/namespaces/default/pods',
  secrets: '/api/v1/namespaces/default/secrets',
  services: '/api/v1/namespaces/default/services',
  namespaces: '/api/v1/namespaces',
  machines: '/apis/kubevirt.io/v1/namespaces/default/virtualmachines',
  instances: '/apis/kubevirt.io/v1/namespaces/default/virtualmachineinstances',
  dataVolumes: '/apis/cdi.kubevirt.io/v1beta1/namespaces/default/datavolumes',
} as const;
