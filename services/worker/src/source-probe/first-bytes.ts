/**
 * Asks an http source for its first bytes and its length, and for nothing more. Redirects are followed a few times, each
 * hop judged like the first; what the server sends beyond the first bytes is not read.
 *
 * A GET with a range instead of a HEAD: signed URLs and many mirrors answer HEAD with an error, and only bytes tell
 * whether there is an image.
 */
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { CONTENT_HEAD_BYTES } from '@compute/domain';
import { isPrivateAddress, PrivateAddressError, publicLookup } from './public-lookup.ts';

const MAX_REDIRECTS = 10;
const REDIRECTS = [301, 302, 303, 307, 308];

export interface AskOptions {
  readonly allowPrivate: boolean;
  /** Which addresses are not connected to unless private ones are allowed; those that are not of the Internet. */
  readonly isForbidden?: (address: string) => boolean;
  readonly signal: AbortSignal;
}

export interface SourceAnswer {
  readonly status: number;
  readonly head: Uint8Array;
  /** Length of the whole file, where the server tells it. */
  readonly totalBytes?: number;
}

export class TooManyRedirects extends Error {
  override readonly name = 'TooManyRedirects';
}

/** Throws what connections throw, PrivateAddressError, TooManyRedirects, or the signal's reason. */
export async function firstBytesOf(address: string, options: AskOptions): Promise<SourceAnswer> {
  const answer = await follow(new URL(address), options, true);
  // An empty file has no first byte to give.
  return answer.status === 416 ? follow(new URL(address), options, false) : answer;
}

async function follow(start: URL, options: AskOptions, ranged: boolean): Promise<SourceAnswer> {
  let url = start;
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    const response = await send(url, options, ranged);
    const { location } = response.headers;
    const status = response.statusCode ?? 0;
    if (!REDIRECTS.includes(status) || location === undefined) return readHead(response);
    response.destroy();
    url = new URL(location, url);
  }
  throw new TooManyRedirects(`more than ${MAX_REDIRECTS} redirects`);
}

function send(url: URL, options: AskOptions, ranged: boolean): Promise<IncomingMessage> {
  const { allowPrivate, isForbidden = isPrivateAddress, signal } = options;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (!allowPrivate && isForbidden(host)) throw new PrivateAddressError(host);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw Object.assign(new Error(`${url.protocol} is neither http nor https`), { code: 'HPE_PROTOCOL' });
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
      agent: false,
      signal,
      ...(allowPrivate ? {} : { lookup: publicLookup(isForbidden) }),
      headers: {
        'user-agent': 'compute-source-probe',
        accept: '*/*',
        'accept-encoding': 'identity',
        ...(ranged ? { range: `bytes=0-${CONTENT_HEAD_BYTES - 1}` } : {}),
      },
    });
    request.on('response', resolve);
    request.on('error', (error) => reject(signal.aborted ? signal.reason : error));
    request.end();
  });
}

async function readHead(response: IncomingMessage): Promise<SourceAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= CONTENT_HEAD_BYTES) break;
  }
  response.destroy();
  const totalBytes = lengthOf(response);
  return {
    status: response.statusCode ?? 0,
    head: Buffer.concat(chunks).subarray(0, CONTENT_HEAD_BYTES),
    ...(totalBytes === undefined ? {} : { totalBytes }),
  };
}

/** Of a part the server tells the whole behind a slash. */
function lengthOf({ statusCode, headers }: IncomingMessage): number | undefined {
  const text = statusCode === 206 ? headers['content-range']?.split('/')[1] : headers['content-length'];
  if (text === undefined || headers['content-encoding'] !== undefined) return undefined;
  const length = Number(text);
  return Number.isSafeInteger(length) && length >= 0 ? length : undefined;
}
