/** Finds TCP ports on loopback for the parts of a stack. */
import { createServer } from 'node:net';

/**
 * The preferred port when nothing listens on it, else one that the system gives.
 * The port is free when this returns; only the part that binds it can keep it.
 */
export async function freePort(preferred = 0): Promise<number> {
  const port = await tryPort(preferred);
  return port ?? freePort(0);
}

function tryPort(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => (port === 0 ? reject(error) : resolve(undefined)));
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = probe.address();
      const found = typeof address === 'object' && address !== null ? address.port : undefined;
      probe.close(() => resolve(found));
    });
  });
}
