/**
 * The simulator's own API, beside the cluster's: what no cluster offers, but who develops against one needs. Loopback only.
 * Time, faults between clients and the API server, and what goes wrong in the infrastructure can be switched here.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FaultRule } from '@compute/kube-wire';
import type { PlayerSwitchState } from '../players/switches.ts';
import type { Simulator } from '../simulator.ts';

export interface ControlServer {
  readonly url: string;
  close(): Promise<void>;
}

interface Call {
  readonly body: () => Promise<unknown>;
  readonly id: string;
}

interface Route {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  readonly what: string;
  readonly handle: (simulator: Simulator, call: Call) => unknown;
}

const MAX_BODY_BYTES = 1_000_000;

const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/state', what: 'time scale, faults with their counters, switches', handle: stateOf },
  {
    method: 'PUT',
    path: '/time-scale',
    what: 'body { "timeScale": 20 }: how fast cluster time passes',
    handle: async (simulator, { body }) => {
      simulator.clock.scale = Number(((await body()) as { timeScale?: number }).timeScale);
      return stateOf(simulator);
    },
  },
  {
    method: 'POST',
    path: '/faults',
    what: 'body: a fault rule, e.g. { "effect": { "type": "error", "code": 500 }, "verbs": ["patch"], "count": 3 }; answers its id',
    handle: async (simulator, { body }) => ({ id: simulator.faults.set((await body()) as FaultRule) }),
  },
  {
    method: 'DELETE',
    path: '/faults',
    what: 'ends all faults; /faults/<id> ends one',
    handle: (simulator, { id }) => ({ cleared: simulator.faults.clear(id === '' ? undefined : id) }),
  },
  {
    method: 'POST',
    path: '/switches',
    what: 'body: switches to replace, e.g. { "unschedulable": [{ "name": "web*" }], "lostNodes": ["node1"] }',
    handle: async (simulator, { body }) => {
      simulator.controllers.switches.update((await body()) as Partial<PlayerSwitchState>);
      return simulator.controllers.switches.state;
    },
  },
  {
    method: 'DELETE',
    path: '/switches',
    what: 'switches everything off',
    handle: (simulator) => {
      simulator.controllers.switches.reset();
      return simulator.controllers.switches.state;
    },
  },
  {
    method: 'POST',
    path: '/apiserver/away',
    what: 'body { "seconds": 10 }: the API server does not answer for so long',
    handle: async (simulator, { body }) => {
      const { seconds = 10 } = (await body()) as { seconds?: number };
      return { id: simulator.faults.set({ effect: { type: 'away' }, durationMs: seconds * 1_000 }) };
    },
  },
  {
    method: 'POST',
    path: '/watch/cut',
    what: 'cuts every watch that runs, once',
    handle: (simulator) => ({
      id: simulator.faults.set({ effect: { type: 'watchCut', afterEvents: 0 }, durationMs: 1 }),
    }),
  },
  {
    method: 'POST',
    path: '/watch/expire',
    what: 'body { "count": 3 }: the next watches are answered with 410 Gone',
    handle: async (simulator, { body }) => {
      const { count = 1 } = (await body()) as { count?: number };
      return { id: simulator.faults.set({ effect: { type: 'expired' }, count }) };
    },
  },
];

/** Starts the control API; it listens when the promise resolves. */
export async function startControl(
  simulator: Simulator,
  { host = '127.0.0.1', port = 0 } = {},
): Promise<ControlServer> {
  const server = createServer((request, response) => void answer(simulator, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { url: `http://${host}:${(server.address() as AddressInfo).port}`, close };
}

async function answer(simulator: Simulator, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? '/', 'http://localhost').pathname;
  if (path === '/')
    return send(response, 200, { routes: ROUTES.map(({ method, path: at, what }) => `${method} ${at}: ${what}`) });
  const route = ROUTES.find((one) => one.method === request.method && isUnder(path, one));
  if (route === undefined)
    return send(response, 404, { error: `No ${request.method} ${path}. GET / lists what there is.` });
  try {
    const call = { body: () => jsonBody(request), id: decodeURIComponent(path.slice(route.path.length + 1)) };
    send(response, 200, await route.handle(simulator, call));
  } catch (error) {
    send(response, 400, { error: error instanceof Error ? error.message : String(error) });
  }
}

function isUnder(path: string, route: Route): boolean {
  return path === route.path || (route.method === 'DELETE' && path.startsWith(`${route.path}/`));
}

async function jsonBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > MAX_BODY_BYTES) throw new Error(`A body has at most ${MAX_BODY_BYTES} bytes.`);
    chunks.push(chunk as Buffer);
  }
  const text = Buffer.concat(chunks).toString();
  return text === '' ? {} : JSON.parse(text);
}

function stateOf(simulator: Simulator) {
  const { clock, faults, controllers } = simulator;
  return { timeScale: clock.scale, faults: faults.list(), switches: controllers.switches.state };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body, undefined, 2)}\n`);
}
