/**
 * Finds TCP ports on loopback for the parts of a stack.
 *
 * A reader could break: ports are not asked of the system, because it gives from the range of outgoing connections, and one
 * of those may take the port before its part listens on it.
 */
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** Below the ranges from which systems number outgoing connections. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const ATTEMPTS = 200;

/**
 * The preferred port when nothing listens on it, else a free one that is not among the `taken`.
 * The port is free when this returns; only the part that binds it can keep it.
 */
export async function freePort(preferred?: number, taken: ReadonlySet<number> = new Set()): Promise<number> {
  if (preferred !== undefined && !taken.has(preferred) && (await isFree(preferred))) return preferred;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new Error(`No port from ${FIRST_PORT} to ${LAST_PORT} is free on 127.0.0.1.`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
