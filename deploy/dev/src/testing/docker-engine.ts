/** Asks whether a Docker engine answers on this machine, without any client. */
import { existsSync } from 'node:fs';
import { request } from 'node:http';

/** True when the engine at DOCKER_HOST or the usual socket answers within a second. */
export function dockerAnswers(): Promise<boolean> {
  const target = engineAddress(process.env.DOCKER_HOST);
  if (target === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    const ping = request({ ...target, path: '/_ping', timeout: 1_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    ping.on('timeout', () => ping.destroy());
    ping.on('error', () => resolve(false));
    ping.on('close', () => resolve(false));
    ping.end();
  });
}

function engineAddress(host: string | undefined): { socketPath: string } | { host: string; port: number } | undefined {
  if (host?.startsWith('tcp://')) {
    const { hostname, port } = new URL(host);
    return { host: hostname, port: Number(port || 2375) };
  }
  const socketPath = host?.replace(/^unix:\/\//, '') ?? '/var/run/docker.sock';
  return existsSync(socketPath) ? { socketPath } : undefined;
}
