/**
 * The simulator's own API, beside the cluster's: what no cluster offers, but who develops against one needs. Loopback only: whoever
 * reaches it may do everything.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Simulator } from '../simulator.ts';
import { CONTROL_ROUTES, type ControlRoute } from './control-routes.ts';

export interface ControlServer {
  readonly url: string;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 1_000_000;

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
  const url = new URL(request.url ?? '/', 'http://control');
  if (request.method === 'GET' && url.pathname === '/') return sendText(response, 200, index());
  const route = CONTROL_ROUTES.find((one) => one.method === request.method && isUnder(url.pathname, one));
  if (route === undefined) {
    return send(response, 404, { error: `There is no ${request.method} ${url.pathname}; GET / lists what there is.` });
  }
  try {
    const rest = url.pathname.slice(route.path.length).split('/').slice(1).map(decodeURIComponent);
    send(
      response,
      200,
      await route.handle(simulator, { body: () => jsonBody(request), rest, query: url.searchParams }),
    );
  } catch (error) {
    send(response, 400, { error: error instanceof Error ? error.message : String(error) });
  }
}

function isUnder(path: string, route: ControlRoute): boolean {
  return path === route.path || (route.rest !== undefined && path.startsWith(`${route.path}/`));
}

function index(): string {
  const lines = CONTROL_ROUTES.map(
    ({ method, path, rest = '', what }) => `${`${method} ${path}${rest}`.padEnd(24)} ${what}`,
  );
  return ['The simulated cluster, from outside. Bodies and answers are JSON.', '', ...lines, ''].join('\n');
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
  const value: unknown = text === '' ? {} : JSON.parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('The body must be a JSON object.');
  return value;
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body, undefined, 2)}\n`);
}

function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' });
  response.end(text);
}
