/**
 * Decodes request bodies of type `application/vnd.kubernetes.protobuf`: an envelope with the type and the message
 * itself. Messages not in the table are refused, like all of protobuf for custom resources.
 */
import type { Fields } from '../protocol/kube-object.ts';
import { isFields } from '../protocol/kube-object.ts';
import { badRequest, unsupportedMediaType } from '../protocol/status-error.ts';
import { protobufMessages } from './protobuf-messages.ts';

export const protobufType = 'application/vnd.kubernetes.protobuf';
const magic = Buffer.from('k8s\0');

interface FieldRule {
  name: string;
  type: string;
  keepZero: boolean;
}

type Wire = { number: number; value: Buffer | bigint };

/** The object in the body. Throws 415 for kinds without a message, 400 for malformed bytes. */
export function decodeProtobuf(body: Buffer): Fields {
  if (!body.subarray(0, 4).equals(magic)) throw badRequest('the body is not a Kubernetes protobuf message');
  const envelope = new Map(wireFields(body.subarray(4)).map(({ number, value }) => [number, value]));
  const type = new Map(wireFields(bytesOf(envelope.get(1))).map(({ number, value }) => [number, value]));
  const apiVersion = bytesOf(type.get(1)).toString('utf8');
  const kind = bytesOf(type.get(2)).toString('utf8');
  if (protobufMessages[kind] === undefined) throw unsupportedMediaType(['application/json', 'application/yaml']);
  return { apiVersion, kind, ...decodeMessage(kind, bytesOf(envelope.get(2))) };
}

function bytesOf(value: Buffer | bigint | undefined): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0);
}

const rulesByMessage = new Map<string, Map<number, FieldRule>>();

function rulesOf(message: string): Map<number, FieldRule> {
  let rules = rulesByMessage.get(message);
  if (rules === undefined) {
    const parts = (protobufMessages[message] ?? '').split(' ').map((part) => part.split(':'));
    rules = new Map(
      parts.map(([number, name = '', type = '']) => {
        return [Number(number), { name, type: type.replace('!', ''), keepZero: type.endsWith('!') }];
      }),
    );
    rulesByMessage.set(message, rules);
  }
  return rules;
}

function decodeMessage(message: string, bytes: Buffer): Fields {
  const rules = rulesOf(message);
  const fields: Fields = {};
  for (const { number, value } of wireFields(bytes)) {
    const rule = rules.get(number);
    if (rule !== undefined) add(fields, rule, value);
  }
  return fields;
}

function add(fields: Fields, { name, type, keepZero }: FieldRule, value: Buffer | bigint): void {
  if (type.startsWith('[')) {
    const list = (fields[name] ?? []) as unknown[];
    list.push(decodeValue(type.slice(1, -1), value));
    fields[name] = list;
  } else if (type.startsWith('{')) {
    const entry = new Map(wireFields(bytesOf(value)).map((part) => [part.number, part.value]));
    const map = (fields[name] ?? {}) as Fields;
    map[bytesOf(entry.get(1)).toString('utf8')] = decodeValue(type.slice(1, -1), entry.get(2) ?? Buffer.alloc(0));
    fields[name] = map;
  } else {
    const decoded = decodeValue(type, value);
    if (keepZero || !isZero(decoded)) fields[name] = decoded;
  }
}

function isZero(value: unknown): boolean {
  return (
    value === undefined ||
    value === '' ||
    value === 0 ||
    value === false ||
    (isFields(value) && Object.keys(value).length === 0)
  );
}

function decodeValue(type: string, value: Buffer | bigint): unknown {
  const bytes = bytesOf(value);
  switch (type) {
    case 's':
      return bytes.toString('utf8');
    case 'y':
      return bytes.toString('base64');
    case 'i':
      return Number(BigInt.asIntN(64, typeof value === 'bigint' ? value : 0n));
    case 'b':
      return value === 1n;
    case 't':
      return decodeTime(bytes);
    case 'q':
      return bytesOf(wireFields(bytes)[0]?.value).toString('utf8');
    case 'x':
      return decodeIntOrString(bytes);
    default:
      return decodeMessage(type, bytes);
  }
}

function decodeTime(bytes: Buffer): string | undefined {
  const parts = new Map(wireFields(bytes).map(({ number, value }) => [number, Number(value)]));
  const seconds = parts.get(1);
  if (seconds === undefined) return undefined;
  const text = new Date(seconds * 1000).toISOString().slice(0, 19);
  const nanos = parts.get(2) ?? 0;
  return nanos === 0 ? `${text}Z` : `${text}.${String(Math.trunc(nanos / 1000)).padStart(6, '0')}Z`;
}

function decodeIntOrString(bytes: Buffer): number | string {
  const parts = new Map(wireFields(bytes).map(({ number, value }) => [number, value]));
  if (parts.get(1) === 1n) return bytesOf(parts.get(3)).toString('utf8');
  return Number(parts.get(2) ?? 0n);
}

/** Splits a message into its fields; groups and the fixed-width types do not occur. */
function wireFields(bytes: Buffer): Wire[] {
  const fields: Wire[] = [];
  let at = 0;
  const varint = (): bigint => {
    let result = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw badRequest('the protobuf message is truncated');
      result |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return result;
    }
    throw badRequest('the protobuf message has a number that is too long');
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const number = tag >>> 3;
    if ((tag & 7) === 0) fields.push({ number, value: varint() });
    else if ((tag & 7) === 2) {
      const end = Number(varint()) + at;
      if (end > bytes.length) throw badRequest('the protobuf message is truncated');
      fields.push({ number, value: bytes.subarray(at, end) });
      at = end;
    } else throw badRequest('the protobuf message has a field of an unknown form');
  }
  return fields;
}
