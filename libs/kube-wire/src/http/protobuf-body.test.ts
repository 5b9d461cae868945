import { describe, expect, it } from 'vitest';
import { decodeProtobuf } from './protobuf-body.ts';

/** One length-delimited field. */
function field(number: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}
const varint = (number: number, value: number): Buffer => Buffer.from([number << 3, value]);
const join = (...parts: Buffer[]): Buffer => Buffer.concat(parts);

function envelope(apiVersion: string, kind: string, message: Buffer): Buffer {
  return join(Buffer.from('k8s\0'), field(1, join(field(1, apiVersion), field(2, kind))), field(2, message));
}

describe('protobuf bodies', () => {
  it('become the object, without the zeros that stand for absent values', () => {
    const time = field(8, varint(1, 100));
    const metadata = join(
      field(1, 'name'),
      field(2, ''),
      field(7, ''),
      time,
      field(11, join(field(1, 'a'), field(2, 'b'))),
    );
    const secret = join(
      field(1, metadata),
      field(2, join(field(1, 'key'), field(2, 'value'))),
      field(3, 'Opaque'),
      varint(5, 0),
    );
    expect(decodeProtobuf(envelope('v1', 'Secret', secret))).toEqual({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'name', labels: { a: 'b' }, creationTimestamp: '1970-01-01T00:01:40Z' },
      data: { key: 'dmFsdWU=' },
      type: 'Opaque',
    });
  });

  it('keep a grace period of zero', () => {
    const eviction = join(field(1, field(1, 'pod')), field(2, varint(1, 0)));
    expect(decodeProtobuf(envelope('policy/v1', 'Eviction', eviction))).toMatchObject({
      deleteOptions: { gracePeriodSeconds: 0 },
    });
  });

  it('read ports and quantities', () => {
    const port = join(varint(3, 80), field(4, join(varint(1, 1), field(3, 'http'))));
    const service = join(field(1, field(1, 's')), field(2, field(1, port)));
    expect(decodeProtobuf(envelope('v1', 'Service', service))).toMatchObject({
      spec: { ports: [{ port: 80, targetPort: 'http' }] },
    });
    const hard = field(1, join(field(1, 'pods'), field(2, field(1, '5'))));
    expect(decodeProtobuf(envelope('v1', 'ResourceQuota', field(2, hard)))).toMatchObject({
      spec: { hard: { pods: '5' } },
    });
  });

  it.each([
    ['another kind', envelope('v1', 'Widget', Buffer.alloc(0)), 415],
    ['no envelope', Buffer.from('{"kind":"Secret"}'), 400],
    ['a truncated message', Buffer.from('k8s\0\x0a\x7f'), 400],
  ])('are refused for %s', (_, body, code) => {
    expect(() => decodeProtobuf(body)).toThrow(expect.objectContaining({ code }));
  });
});
