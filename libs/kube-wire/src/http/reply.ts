/** Writing answers: JSON or YAML, gzip for large bodies, Status for errors, Warning headers. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzip } from 'node:zlib';
import { stringify } from 'yaml';
import { internalError, StatusError } from '../protocol/status-error.ts';
import type { Rendered } from './read-verbs.ts';

/** kube-apiserver compresses answers from this size on. */
const gzipFromBytes = 128 * 1024;

export interface ReplyOptions {
  status: number;
  yaml?: boolean;
  warnings?: readonly string[];
}

/** Of all warnings of an answer; beyond it each is cut, and then the rest is left out, as kube-apiserver does. */
const warningRoomCharacters = 4096;
const longestCutWarning = 256;

/** A header holds printable ASCII only, and clients take a limited number of bytes of them. */
export function warningHeaders(warnings: readonly string[]): string[] {
  const texts = warnings.map((text) => text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&'));
  const isTooMuch = texts.reduce((sum, { length }) => sum + length, 0) > warningRoomCharacters;
  const short = isTooMuch ? texts.map((text) => text.slice(0, longestCutWarning).replace(/\\+$/, '')) : texts;
  let room = warningRoomCharacters;
  const fitting = short.filter(({ length }) => {
    room -= length;
    return room >= 0;
  });
  return fitting.map((text) => `299 - "${text}"`);
}

/** Sends rendered JSON text. */
export function sendRendered(
  request: IncomingMessage,
  response: ServerResponse,
  rendered: Rendered,
  { status, yaml = false, warnings = [] }: ReplyOptions,
): void {
  const asYaml = yaml && rendered.contentType === 'application/json';
  const text = asYaml ? stringify(JSON.parse(rendered.json)) : rendered.json;
  const headers: Record<string, string | string[]> = {
    'Content-Type': asYaml ? 'application/yaml' : rendered.contentType,
    'Cache-Control': 'no-cache, private',
  };
  if (warnings.length > 0) headers.Warning = warningHeaders(warnings);
  if (text.length < gzipFromBytes || !acceptsGzip(request)) {
    response.writeHead(status, { ...headers, 'Content-Length': String(Buffer.byteLength(text)) });
    response.end(text);
    return;
  }
  gzip(text, { level: 1 }, (error, compressed) => {
    if (error !== null) {
      response.destroy(error);
      return;
    }
    response.writeHead(status, {
      ...headers,
      'Content-Encoding': 'gzip',
      Vary: 'Accept-Encoding',
      'Content-Length': String(compressed.length),
    });
    response.end(compressed);
  });
}

function acceptsGzip(request: IncomingMessage): boolean {
  return String(request.headers['accept-encoding'] ?? '').includes('gzip');
}

/** Sends any value as JSON. */
export function sendJson(
  request: IncomingMessage,
  response: ServerResponse,
  options: ReplyOptions,
  value: unknown,
): void {
  sendRendered(request, response, { json: JSON.stringify(value), contentType: 'application/json' }, options);
}

/** Sends plain text (health endpoints). */
export function sendText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(text);
}

/** Sends an error as a Status; anything that is no StatusError becomes a 500. */
export function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const status = error instanceof StatusError ? error : internalError((error as Error).message);
  const retryAfter = status.details?.retryAfterSeconds;
  response.writeHead(status.code, {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-cache, private',
    ...(retryAfter === undefined ? {} : { 'Retry-After': String(retryAfter) }),
  });
  response.end(JSON.stringify(status.toStatus()));
}
