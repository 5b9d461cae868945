/** The process entry of the API: reads the environment, starts, and stops in order on SIGTERM and SIGINT. */
import 'reflect-metadata';
import { ConfigurationError, createLogger, Shutdown } from '@compute/runtime';
import { type ApiConfig, readApiConfig } from './api-config.ts';
import { startApi } from './start-api.ts';

const config = readConfigOrExit();
const logger = createLogger({ service: 'api', level: config.logLevel });
const shutdown = new Shutdown({ logger });
shutdown.listen();
try {
  await startApi(config, { logger, shutdown });
} catch (err) {
  if (!shutdown.stopping) logger.fatal({ err }, 'the API could not start');
  process.exitCode = 1;
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
