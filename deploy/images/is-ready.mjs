/**
 * The health check of an image, for engines that ask inside of the container (Docker, compose): `node bin/is-ready.mjs api|worker`.
 * Ends with 0 when /readyz answers 200, else with 1. Kubernetes asks over the network and needs none of this.
 */
import { get as getPlain } from 'node:http';
import { get as getSealed } from 'node:https';

const PATIENCE_MS = 4_000;
const { REST_PORT, METRICS_PORT, TLS_CERT_FILE } = process.env;
const isApi = process.argv[2] === 'api';
const isSealed = isApi && Boolean(TLS_CERT_FILE);
const port = isApi ? REST_PORT : METRICS_PORT;

// The certificate names the host that callers use, not loopback.
const request = (isSealed ? getSealed : getPlain)(
  { host: '127.0.0.1', port, path: '/readyz', timeout: PATIENCE_MS, rejectUnauthorized: false },
  (answer) => process.exit(answer.statusCode === 200 ? 0 : 1),
);
request.on('timeout', () => process.exit(1));
request.on('error', () => process.exit(1));
