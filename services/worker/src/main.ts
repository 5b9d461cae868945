/** The process entry of a worker: reads the environment, starts, and stops in order on SIGTERM and SIGINT. */
import { ConfigurationError, createLogger, Shutdown } from '@compute/runtime';
import { startWorker } from './start-worker.ts';
import { readWorkerConfig, type WorkerConfig } from './worker-config.ts';

const config = readConfigOrExit();
const logger = createLogger({ service: 'worker', level: config.logLevel });
const shutdown = new Shutdown({ logger });
shutdown.listen();
try {
  await startWorker(config, { logger, shutdown, environment: process.env });
} catch {
  // It has said why.
  process.exitCode = 1;
}

function readConfigOrExit(): WorkerConfig {
  try {
    return readWorkerConfig();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
