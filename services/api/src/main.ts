/** The process entry of the API: reads the environment, starts, and stops in order on SIGTERM and SIGINT. */
import 'reflect-metadata';
import { ConfigurationError, createLogger, Shutdown } from '@compute/runtime';
import { type ApiConfig, readApiConfig } from './api-config.ts';
import { type RunningApi, startApi } from './start-api.ts';

const config = readConfigOrExit();
const logger = createLogger({ service: 'api', level: config.logLevel });
const shutdown = new Shutdown({ logger });
shutdown.listen();
try {
  announce(await startApi(config, { logger, shutdown, environment: process.env }));
} catch {
  // It has said why.
  process.exitCode = 1;
}

/** Whoever started the process waits for this line, whatever the level of the others. */
function announce({ restUrl, grpcAddress, kubeUrl }: RunningApi): void {
  const ports = { restPort: portOf(restUrl), grpcPort: portOf(`http://${grpcAddress}`) };
  const kube = kubeUrl === undefined ? {} : { kubeUrl, kubePort: portOf(kubeUrl) };
  const ready = { restUrl, grpcAddress, ...ports, ...kube, docs: `${restUrl}/docs` };
  logger.announce('api.ready', ready);
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

function readConfigOrExit(): ApiConfig {
  try {
    return readApiConfig();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
