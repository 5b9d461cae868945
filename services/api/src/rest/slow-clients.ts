/** Clients that are slow or send no HTTP: how long each may take, and the answer to what never became a request. */
import { randomUUID } from 'node:crypto';
import type { ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import { problemOf } from '@compute/contract';
import { Fault } from '@compute/domain';

/** What the door of this face knows of its clients. */
export interface SlowClientLimits extends Pick<ServerOptions, 'headersTimeout' | 'requestTimeout'> {
  readonly connectionsCheckingInterval: number;
}

/** The whole request in time, its header in half of it; looked at often enough for that. */
export function slowClientLimits(requestTimeoutMs: number): SlowClientLimits {
  return {
    requestTimeout: requestTimeoutMs,
    headersTimeout: requestTimeoutMs / 2,
    connectionsCheckingInterval: Math.min(requestTimeoutMs / 4, 30_000),
  };
}

const ANSWERS: Readonly<Record<string, readonly [number, Fault]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, new Fault('DeadlineExceeded', 'The request took too long to arrive.')],
  HPE_HEADER_OVERFLOW: [431, new Fault('PayloadTooLarge', 'The header of the request is larger than 16 KiB.')],
};
const BROKEN: readonly [number, Fault] = [400, new Fault('InvalidArgument', 'The request is not HTTP.')];

/** Answers and closes: nothing that follows on this connection could be understood. */
export function refuseBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (socket.destroyed || !socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const [status, fault] = ANSWERS[error.code ?? ''] ?? BROKEN;
  // Nothing of the request could be read, so neither its address nor its id is known.
  const requestId = randomUUID();
  const body = `${JSON.stringify({ ...problemOf(fault, { instance: '', requestId }), status })}\n`;
  const header = [
    `HTTP/1.1 ${status} ${fault.code}`,
    'content-type: application/problem+json',
    `x-request-id: ${requestId}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${header.join('\r\n')}\r\n\r\n${body}`);
}
