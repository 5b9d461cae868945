/**
 * One text/event-stream reply: heartbeats while nothing happens, back-pressure towards the source, an explicit end
 * when the server stops. Whatever is read from a source is written before more is asked for, so nothing piles up.
 */
import type { ServerResponse } from 'node:http';
import { sseFrame, sseRetry } from '@compute/contract';
import type { FastifyReply } from 'fastify';
import type { Authenticator } from '../application/authenticator.ts';
import { keepCheckingKey } from '../application/key-check.ts';
import type { OpenStream, OpenStreams } from '../open-streams.ts';
import { drained, patienceMs } from '../slow-reader.ts';
import { faultOfError } from './fault-of-error.ts';
import { problemFor } from './problem.filter.ts';
import type { ApiRequest } from './request.ts';

const RETRY_MS = 2_000;
const CLOSING = sseFrame({ event: 'CLOSE', data: { reason: 'The server is stopping. Connect again.' } });

export interface EventStreamSettings {
  readonly streams: OpenStreams;
  readonly heartbeatMs: number;
  readonly authenticator: Authenticator;
}

/** Text, or text that is encoded already. */
export type Frame = string | Buffer;

export interface Frames {
  readonly frames: AsyncIterable<Frame>;
  /** What is sent while nothing happens. */
  readonly heartbeat: () => string;
}

/** Opens a source; `signal` ends with the client or the server. What it throws becomes a problem document. */
export type FrameSource = (signal: AbortSignal) => Promise<Frames>;

/** Sends a stream to its end. Resolves when the connection is done with. */
export async function sendEventStream(
  request: ApiRequest,
  reply: FastifyReply,
  source: FrameSource,
  settings: EventStreamSettings,
): Promise<void> {
  const stream = settings.streams.open('rest');
  reply.raw.once('close', () => stream.abort());
  try {
    if (request.apiContext) stream.claim(request.apiContext.caller.actor.id);
    const opened = await source(stream.signal);
    reply.hijack();
    await pump(request, reply, opened, stream, settings);
  } finally {
    stream.done();
  }
}

async function pump(
  request: ApiRequest,
  { raw }: FastifyReply,
  { frames, heartbeat }: Frames,
  stream: OpenStream,
  { heartbeatMs, authenticator }: EventStreamSettings,
): Promise<void> {
  // The connection ends with the stream, so the frames need no chunks around them, which cost three writes for each.
  raw.useChunkedEncodingByDefault = false;
  raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // Nothing follows a stream; kept alive, its connection would hold up the end of the process.
    connection: 'close',
    'x-accel-buffering': 'no',
    'x-request-id': request.id,
  });
  raw.write(sseRetry(RETRY_MS));
  const timer = setInterval(() => {
    if (!raw.writableNeedDrain) raw.write(heartbeat());
  }, heartbeatMs);
  const checked = {
    header: request.headers.authorization,
    expiresAt: request.apiContext?.caller.expiresAt,
  };
  const key = keepCheckingKey(authenticator, checked, heartbeatMs, () => stream.abort());
  const write = togetherWriter(raw);
  let failure: unknown;
  try {
    for await (const frame of frames) {
      if (stream.signal.aborted) break;
      if (!write(frame)) await drained(raw, stream.signal, heartbeatMs);
    }
  } catch (error) {
    if (!stream.signal.aborted) failure = error;
  } finally {
    clearInterval(timer);
    key.stop();
  }
  if (stream.endedByServer) raw.write(CLOSING);
  else if (key.refusal ?? failure) raw.write(endingFrame(request, key.refusal ?? failure));
  raw.end();
  // Whoever does not read does not read the end either.
  const hangUp = setTimeout(() => raw.destroy(), patienceMs(heartbeatMs)).unref();
  raw.once('close', () => clearTimeout(hangUp));
}

/** Writes what comes in one turn of the event loop as one: changes come in bursts, and each write is a system call. */
function togetherWriter(raw: ServerResponse): (frame: Frame) => boolean {
  let gathers = false;
  const send = (): void => {
    gathers = false;
    raw.uncork();
  };
  return (frame) => {
    if (!gathers) {
      gathers = true;
      raw.cork();
      process.nextTick(send);
    }
    return raw.write(frame);
  };
}

function endingFrame(request: ApiRequest, error: unknown): string {
  const fault = faultOfError(error);
  const event = fault.code === 'CursorTooOld' ? 'TOO_OLD' : 'ERROR';
  return sseFrame({ event, data: problemFor(request, fault) });
}
