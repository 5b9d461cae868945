/**
 * Reads and parses request bodies: size limit, gzip, JSON, YAML, and protobuf for the few kinds that clients send so.
 */
import type { IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { parseDocument, type Tags } from 'yaml';
import { badRequest, StatusError, unsupportedMediaType } from '../protocol/status-error.ts';
import { duplicateKeys } from './duplicate-keys.ts';
import { decodeProtobuf, protobufType } from './protobuf-body.ts';

/** kube-apiserver's limit for one request body. */
const maxBodyBytes = 3 * 1024 * 1024;

/** The raw body. Throws 413 beyond 3 MiB. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBodyBytes) throw tooLarge();
    chunks.push(chunk);
  }
  const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  if (request.headers['content-encoding'] !== 'gzip') return body;
  return gunzip(body);
}

function gunzip(body: Buffer): Buffer {
  try {
    return gunzipSync(body, { maxOutputLength: maxBodyBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge();
    throw badRequest('the request body is not valid gzip');
  }
}

function tooLarge(): StatusError {
  return new StatusError(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${maxBodyBytes}`);
}

/** The media type without parameters, in lower case; JSON when the header is absent. */
export function mediaType(request: IncomingMessage): string {
  const header = request.headers['content-type'] ?? 'application/json';
  return (header.split(';')[0] ?? '').trim().toLowerCase() || 'application/json';
}

const jsonTypes = ['application/json', 'text/plain', 'application/x-www-form-urlencoded', '*/*'];

/** Paths of the keys that a body of JSON holds twice. YAML with one is refused where it is parsed. */
export function doubledKeysOf(body: Buffer, type: string): string[] {
  if (type === protobufType) return [];
  const text = body.toString('utf8');
  if (type.includes('yaml') && tryJson(text) === undefined) return [];
  return duplicateKeys(text);
}

/** Parses a body that is an object of the API (not a patch). Undefined for an empty body. */
export function parseObjectBody(body: Buffer, type: string): unknown {
  if (body.length === 0) return undefined;
  if (type === 'application/yaml') return parseYaml(body.toString('utf8'));
  if (type === protobufType) return parseProtobuf(body);
  if (jsonTypes.includes(type)) return parseJson(body.toString('utf8'));
  throw unsupportedMediaType(['application/json', 'application/yaml']);
}

function parseProtobuf(body: Buffer): unknown {
  try {
    return decodeProtobuf(body);
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw badRequest(`the object provided is unrecognized (must be of type protobuf): ${(error as Error).message}`);
  }
}

export function parseJson(text: string): unknown {
  try {
    return refuseDeep(JSON.parse(text));
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw badRequest(`the object provided is unrecognized (must be of type JSON or YAML): ${(error as Error).message}`);
  }
}

/**
 * YAML as Kubernetes reads it: version 1.1 (`yes` is true, `0644` is octal), but times and times of day stay text.
 */
export function parseYaml(text: string): unknown {
  const json = text.startsWith('{') ? tryJson(text) : undefined;
  if (json !== undefined) return refuseDeep(json);
  const document = parsedYaml(text);
  const problem = document.errors[0];
  if (problem !== undefined) throw badRequest(`error decoding YAML: ${problem.message.split('\n')[0]}`);
  try {
    return refuseDeep(document.toJS({ maxAliasCount: 100 }));
  } catch (error) {
    if (error instanceof StatusError) throw error;
    // A few aliases of aliases would make gigabytes.
    throw badRequest(`error decoding YAML: ${(error as Error).message}`);
  }
}

function parsedYaml(text: string): ReturnType<typeof parseDocument> {
  try {
    return parseDocument(text, { version: '1.1', uniqueKeys: true, customTags: withoutTimes });
  } catch (error) {
    // The parser runs out of stack on what is nested thousands of levels deep.
    if (error instanceof RangeError) throw tooDeep();
    throw error;
  }
}

/** Far deeper than any object, and shallow enough for whatever goes through a value by recursion. */
const maxDepth = 500;

/** The value itself. Throws 400 for one that recursion could not go through. */
function refuseDeep<T>(value: T): T {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) throw tooDeep();
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return value;
}

function tooDeep(): StatusError {
  return badRequest(`the object provided is nested more than ${maxDepth} levels deep`);
}

/** Most clients send JSON under YAML's name, and reading it as JSON takes a tenth of the time. */
function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function withoutTimes(tags: Tags): Tags {
  return tags.filter((tag) => {
    if (typeof tag === 'string') return tag !== 'timestamp';
    return tag.tag !== 'tag:yaml.org,2002:timestamp' && !('format' in tag && tag.format === 'TIME');
  });
}
