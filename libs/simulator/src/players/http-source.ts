// Opens an image on an HTTP server as an importer does: HEAD to learn what the server can, GET for the data, redirects followed.
// Nothing is kept of the body; whoever reads it decides. Errors are worded as Go's client words them.
import { request as httpRequest, type IncomingMessage, STATUS_CODES } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { rootCertificates } from 'node:tls';
import { goError } from './go-http-errors.ts';

export interface HttpSourceOptions {
  headers?: Record<string, string>;
  /** PEM certificates to trust besides the usual ones. */
  authorities?: string[];
  /** Real time to get a connection and a first answer, 30 s. */
  connectTimeoutMs?: number;
  /** Real time without a byte after which the transfer is given up, 60 s. */
  idleTimeoutMs?: number;
  signal: AbortSignal;
}

export interface HttpImage {
  body: IncomingMessage;
  /** Length by Content-Length; undefined when the server does not say it. */
  totalBytes: number | undefined;
  /** The server can send parts, so that an image can be converted while it is read. */
  hasRanges: boolean;
}

/** The source could not be opened; the message is the rest of "Unable to connect to http data source: ". */
export class SourceError extends Error {
  override readonly name = 'SourceError';
}

const maxRedirects = 10;
const defaultTimeoutMs = 30_000;

/** Opens the image. Throws SourceError, or the signal's reason. */
export async function openHttpImage(address: string, options: HttpSourceOptions): Promise<HttpImage> {
  const url = parseUrl(address);
  const headOk = await probe(url, options);
  const response = await follow('GET', url, options);
  if (response.statusCode !== 200) {
    response.destroy();
    const status = response.statusCode ?? 0;
    throw new SourceError(
      `expected status code 200, got ${status}. Status: ${status} ${STATUS_CODES[status] ?? ''}`.trim(),
    );
  }
  response.setTimeout(options.idleTimeoutMs ?? 60_000, () => {
    response.destroy(
      new Error('context deadline exceeded (Client.Timeout or context cancellation while reading body)'),
    );
  });
  const length = Number(response.headers['content-length'] ?? Number.NaN);
  const ranges = response.headers['accept-ranges'];
  return {
    body: response,
    totalBytes: Number.isNaN(length) ? undefined : length,
    hasRanges: headOk && ranges !== undefined && ranges !== 'none',
  };
}

// A server that does not answer HEAD is only a slower one, so no failure counts here.
async function probe(url: URL, options: HttpSourceOptions): Promise<boolean> {
  try {
    const response = await follow('HEAD', url, options);
    response.resume();
    return response.statusCode === 200;
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof SourceError) return false;
    throw error;
  }
}

async function follow(method: 'GET' | 'HEAD', start: URL, options: HttpSourceOptions): Promise<IncomingMessage> {
  let url = start;
  for (let hops = 0; hops <= maxRedirects; hops += 1) {
    const response = await send(method, url, options);
    const location = response.headers.location;
    const status = response.statusCode ?? 0;
    if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return response;
    response.resume();
    url = parseUrl(new URL(location, url).href);
  }
  throw new SourceError(`HTTP request errored: Get "${url.href}": stopped after ${maxRedirects} redirects`);
}

function send(method: 'GET' | 'HEAD', url: URL, options: HttpSourceOptions): Promise<IncomingMessage> {
  const { signal, headers, authorities, connectTimeoutMs = defaultTimeoutMs } = options;
  const verb = method === 'GET' ? 'Get' : 'Head';
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
      method,
      signal,
      agent: false,
      headers: { 'user-agent': 'containerized-data-importer', accept: '*/*', ...headers },
      ...(authorities === undefined ? {} : { ca: [...rootCertificates, ...authorities] }),
    });
    const timer = setTimeout(() => request.destroy(timeoutError()), connectTimeoutMs);
    request.on('response', (response) => {
      clearTimeout(timer);
      resolve(response);
    });
    request.on('error', (error) => {
      clearTimeout(timer);
      reject(signal.aborted ? signal.reason : new SourceError(`HTTP request errored: ${goError(verb, url, error)}`));
    });
    request.end();
  });
}

function timeoutError(): Error {
  return Object.assign(new Error('context deadline exceeded (Client.Timeout exceeded while awaiting headers)'), {
    code: 'TIMEOUT',
  });
}

function parseUrl(address: string): URL {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw new SourceError(`HTTP request errored: Get "${address}": unsupported protocol scheme ""`);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    const scheme = url.protocol.slice(0, -1);
    throw new SourceError(`HTTP request errored: Get "${address}": unsupported protocol scheme "${scheme}"`);
  }
  return url;
}
