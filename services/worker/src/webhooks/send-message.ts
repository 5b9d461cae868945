/**
 * One attempt: a signed POST (Standard Webhooks 1.0). No redirect is followed, and unless private addresses are allowed the
 * connection goes to addresses of the Internet only, judged when it is made. Never throws: not to get through is an outcome.
 */
import { createHmac } from 'node:crypto';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isPrivateAddress, PrivateAddressError, publicLookup } from '../source-probe/public-lookup.ts';

export interface SendOptions {
  readonly url: string;
  readonly id: string;
  readonly body: string;
  /** `whsec_<base64>`; each signs. */
  readonly secrets: readonly string[];
  readonly allowPrivate: boolean;
  readonly isForbidden?: (address: string) => boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface SendOutcome {
  /** Absent: there was no answer. */
  readonly status?: number;
  /** Absent when it was answered with success. */
  readonly error?: string;
}

const MAX_ANSWER_BYTES = 16 * 1024;

/** The header `webhook-signature`: one signature for each secret. */
export function signatures(secrets: readonly string[], id: string, timestamp: number, body: string): string {
  return secrets
    .map((secret) => {
      const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
      return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
    })
    .join(' ');
}

export async function sendMessage(options: SendOptions): Promise<SendOutcome> {
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
  try {
    const response = await post(options, signal);
    await drain(response);
    const status = response.statusCode ?? 0;
    return status >= 200 && status < 300 ? { status } : { status, error: `the receiver answered ${status}` };
  } catch (error) {
    if (signal.aborted) return { error: `no answer within ${options.timeoutMs / 1_000} s` };
    return { error: reasonOf(error) };
  }
}

function post(options: SendOptions, signal: AbortSignal): Promise<IncomingMessage> {
  const { allowPrivate, isForbidden = isPrivateAddress, id, body, secrets } = options;
  const url = new URL(options.url);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (!allowPrivate && isForbidden(host)) throw new PrivateAddressError(host);
  if (!allowPrivate && url.protocol !== 'https:') throw new Error('only https is spoken');
  const timestamp = Math.floor(Date.now() / 1_000);
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
      ...{ method: 'POST', agent: false, signal },
      ...(allowPrivate ? {} : { lookup: publicLookup(isForbidden) }),
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': 'compute-webhooks',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': signatures(secrets, id, timestamp, body),
      },
    });
    request.on('response', resolve);
    request.on('error', reject);
    request.end(body);
  });
}

/** What the receiver says is of no interest, and not waited for beyond a little. */
async function drain(response: IncomingMessage): Promise<void> {
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes >= MAX_ANSWER_BYTES) break;
  }
  response.destroy();
}

/** Codes of connections, and our own sentences; nothing that was sent. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the connection failed';
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? error.message.slice(0, 200) : `the connection failed: ${code}`;
}
