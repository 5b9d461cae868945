/** Below gRPC: frames that are cut, lengths that lie, calls that are begun and never finished, headers that fit nowhere. */
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import type { Random } from '../survival/seeds/random.ts';
import type { GrpcGround } from './grpc-face.ts';
import { hostileText } from './hostile-values.ts';

const PATHS = [
  ...[
    '/compute.v1.VmDiskService/ListVmDisks',
    '/compute.v1.WatchService/Watch',
    '/compute.v1.Nothing/At',
    '/',
    '/x/y/z',
  ],
  ...[
    '/grpc.health.v1.Health/Check',
    '/grpc.health.v1.Health/Watch',
    '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  ],
];
const TYPES = ['application/grpc', 'application/grpc+json', 'application/json', 'text/html', ''];
const LEFT_OPEN_MS = 300;

/** One connection with a few broken calls; resolves when it is closed. */
export function wireAttack({ address, tenants, judge }: GrpcGround): (random: Random) => Promise<void> {
  return (random) =>
    new Promise((resolve) => {
      const session = connect(`http://${address}`);
      session.on('error', () => undefined);
      session.on('close', resolve);
      session.on('connect', () => {
        for (let times = 1 + random.below(5); times > 0; times -= 1)
          brokenCall(random, session, tenants.attackerKeys[0] ?? '', (grpcStatus, text) =>
            judge.answered({
              face: 'grpc',
              route: 'below gRPC',
              key: '',
              status: grpcStatus,
              text,
              again: () => 'see grpc-wire.ts with this seed',
            }),
          );
      });
      setTimeout(() => session.destroy(), LEFT_OPEN_MS);
    });
}

/** grpc-js answers these by itself, before any code of ours. */
const ITS_OWN = /^(Invalid%20grpc-timeout|Failed%20to%20decompress)/;
const SERVER_FAULTS: Readonly<Record<string, string>> = { 2: 'UNKNOWN', 13: 'INTERNAL', 15: 'DATA_LOSS' };

function brokenCall(
  random: Random,
  session: ClientHttp2Session,
  key: string,
  ended: (status: string, text: string) => void,
): void {
  const stream = session.request({
    ':method': random.one(['POST', 'POST', 'POST', 'GET']),
    ':path': random.one(PATHS),
    'content-type': random.one(TYPES),
    te: 'trailers',
    ...(random.chance(0.8) ? { authorization: `Bearer ${key}` } : {}),
    ...(random.chance(0.3) ? { 'grpc-timeout': random.one(['1n', '0S', '99999999H', 'x', '-1S']) } : {}),
    ...(random.chance(0.2) ? { 'grpc-encoding': random.one(['gzip', 'identity', 'snappy']) } : {}),
    ...(random.chance(0.2)
      ? {
          'x-request-id':
            hostileText(random)
              .replace(/[^!-~]/g, '')
              .slice(0, 9_000) || 'x',
        }
      : {}),
  });
  stream.on('error', () => undefined);
  const told = (headers: Readonly<Record<string, unknown>>) => {
    const code = headers['grpc-status'];
    const message = String(headers['grpc-message'] ?? '');
    const isFault = code !== undefined && !ITS_OWN.test(message);
    if (code !== undefined) ended((isFault && SERVER_FAULTS[String(code)]) || `code ${String(code)}`, message);
    else if (Number(headers[':status']) >= 500) ended(String(headers[':status']), '');
  };
  stream.on('response', told);
  stream.on('trailers', told);
  stream.resume();
  stream.write(frame(random));
  const end = random.below(4);
  if (end === 0) stream.end();
  if (end === 1) stream.close(constants.NGHTTP2_CANCEL);
  if (end === 2) stream.end(frame(random));
}

/** A message's frame whose flag, length and content need not fit together. */
function frame(random: Random): Buffer {
  const content = Buffer.from(hostileText(random).slice(0, 2_000));
  const head = Buffer.alloc(5);
  head.writeUInt8(random.one([0, 0, 0, 1, 2, 255]), 0);
  head.writeUInt32BE(random.one([content.length, content.length, 0, content.length + 5, 2 ** 31, 2 ** 32 - 1]), 1);
  return Buffer.concat([head, content]).subarray(random.chance(0.2) ? random.below(5) : 0);
}
