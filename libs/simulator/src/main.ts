#!/usr/bin/env node
/**
 * The simulated cluster as a process. Prints one line of JSON when it is ready:
 * `{ "kubeconfig": "<path>", "url": "http://…", "control": "http://…", "images": "http://…/" }` (images only when asked for).
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startControl } from './control/control-server.ts';
import { startSimulator } from './simulator.ts';

const { values } = parseArgs({
  options: {
    dir: { type: 'string' },
    kubeconfig: { type: 'string', default: 'kubeconfig' },
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '0' },
    'control-port': { type: 'string', default: '0' },
    'images-port': { type: 'string' },
    'time-scale': { type: 'string', default: process.env.CLUSTER_TIME_SCALE ?? '1' },
    seed: { type: 'string', default: '1' },
  },
});

const { dir, host, kubeconfig } = values;
const imagesPort = values['images-port'];
const simulator = await startSimulator({
  ...(dir === undefined ? {} : { dir }),
  ...(imagesPort === undefined ? {} : { imagesPort: Number(imagesPort) }),
  host,
  goldenImages: true,
  port: Number(values.port),
  timeScale: Number(values['time-scale']),
  seed: Number(values.seed),
  onError: (error) => process.stderr.write(`${describe(error)}\n`),
});
const control = await startControl(simulator, { host, port: Number(values['control-port']) });
writeFileSync(kubeconfig, simulator.kubeconfig, { mode: 0o600 });
const images = simulator.images === undefined ? {} : { images: simulator.images.url };
process.stdout.write(`${JSON.stringify({ kubeconfig, url: simulator.url, control: control.url, ...images })}\n`);

let closing = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (closing) return;
    closing = true;
    void control.close().then(() => simulator.close());
  });
}

/** An error with its causes in one line. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describe(error.cause)}`;
}
