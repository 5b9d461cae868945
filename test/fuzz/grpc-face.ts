/** Sends random messages to random methods; some calls are cancelled, some streams are left while they speak. */
import { readFileSync } from 'node:fs';
import type { DescMethod } from '@bufbuild/protobuf';
import { descriptorPath } from '@compute/proto';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { Random } from '../survival/seeds/random.ts';
import { methodsOf, requestBytes } from './grpc-messages.ts';
import { hostileText } from './hostile-values.ts';
import type { Judge } from './judge.ts';
import type { Tenants } from './tenants.ts';

/** Would take away the very keys that the attack speaks with. */
const LEFT_OUT = /RevokeApiKey$/;
const PATIENCE_MS = 20_000;
const same = (bytes: Buffer): Buffer => bytes;

export interface GrpcGround {
  readonly address: string;
  readonly tenants: Tenants;
  readonly judge: Judge;
}

/** Gives what sends one random call and resolves when it is over. */
export function grpcAttack({ address, tenants, judge }: GrpcGround): (random: Random) => Promise<void> {
  const methods = methodsOf(readFileSync(descriptorPath())).filter(({ name }) => !LEFT_OUT.test(name));
  const client = new Client(address, credentials.createInsecure(), { 'grpc.max_receive_message_length': -1 });
  return async (random) => {
    const method = random.one(methods);
    const key = random.one([...tenants.attackerKeys, ...tenants.attackerKeys, tenants.adminKey]);
    const call = {
      client,
      method,
      key,
      bytes: Buffer.from(requestBytes(random, method, tenants)),
      metadata: metadataOf(random, key),
    };
    const isStream = method.methodKind === 'server_streaming';
    const { code, text } = isStream
      ? await streamed(call, 50 + random.below(400))
      : await asked(call, cancelAfter(random));
    const again = () => againLine(address, method, call.bytes);
    judge.answered({ face: 'grpc', route: routeOf(method), key, status: status[code] ?? String(code), text, again });
  };
}

const routeOf = ({ parent, name }: DescMethod): string => `${parent.typeName}/${name}`;

/** The bytes as they are, framed, over curl: a reader does not need our schema. */
function againLine(address: string, method: DescMethod, bytes: Buffer): string {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  const framed = Buffer.concat([head, bytes]).toString('base64');
  return `base64 -d <<< ${framed} | curl -sS --http2-prior-knowledge -D- -H 'content-type: application/grpc' -H 'te: trailers' -H "Authorization: Bearer $KEY" --data-binary @- http://${address}/${routeOf(method)}`;
}

function metadataOf(random: Random, key: string): Metadata {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${key}`);
  if (random.chance(0.1))
    metadata.set(
      'x-request-id',
      hostileText(random)
        .replace(/[^ -~]/g, '')
        .slice(0, 500),
    );
  if (random.chance(0.1)) metadata.set('traceparent', '00-ffffffffffffffffffffffffffffffff-0000000000000000-01');
  return metadata;
}

const cancelAfter = (random: Random): number | undefined => (random.chance(0.05) ? random.below(20) : undefined);

interface Call {
  readonly client: Client;
  readonly method: DescMethod;
  readonly key: string;
  readonly bytes: Buffer;
  readonly metadata: Metadata;
}

interface Ended {
  readonly code: number;
  readonly text: string;
}

function asked({ client, method, bytes, metadata }: Call, cancelMs: number | undefined): Promise<Ended> {
  return new Promise((resolve) => {
    const done = (error: ServiceError | null, reply?: Buffer) =>
      resolve(error ? endedBy(error) : { code: 0, text: reply?.toString() ?? '' });
    const options = { deadline: Date.now() + PATIENCE_MS };
    const call = client.makeUnaryRequest(`/${routeOf(method)}`, same, same, bytes, metadata, options, done);
    if (cancelMs !== undefined) setTimeout(() => call.cancel(), cancelMs);
  });
}

function streamed({ client, method, bytes, metadata }: Call, readMs: number): Promise<Ended> {
  return new Promise((resolve) => {
    let text = '';
    const call = client.makeServerStreamRequest(`/${routeOf(method)}`, same, same, bytes, metadata);
    const stop = setTimeout(() => call.cancel(), readMs);
    const finish = (ended: Ended) => {
      clearTimeout(stop);
      resolve({ ...ended, text: text + ended.text });
    };
    call.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    call.on('error', (error: ServiceError) => finish(endedBy(error)));
    call.on('end', () => finish({ code: 0, text: '' }));
  });
}

/** With everything that the trailers say, details of the status included. */
function endedBy({ code, details, metadata }: ServiceError): Ended {
  return {
    code,
    text: `${details} ${JSON.stringify(metadata.getMap(), (_key, value) => (Buffer.isBuffer(value) ? value.toString() : value))}`,
  };
}
