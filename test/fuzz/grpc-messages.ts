/** Random messages of the contract, made from its descriptors: sound ones, hostile ones, and bytes that are none. */
import {
  create,
  createFileRegistry,
  type DescField,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type Message,
  ScalarType,
  toBinary,
} from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { Random } from '../survival/seeds/random.ts';
import { hostileNumber, hostileText, torn } from './hostile-values.ts';
import { NAMES, type Tenants } from './tenants.ts';

const DEEPEST = 6;

/** Every method of our own services. */
export function methodsOf(descriptorSet: Uint8Array): DescMethod[] {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
  return [...registry].flatMap((entry) => (entry.kind === 'service' ? entry.methods : []));
}

/** The bytes of a request of this method; one in ten is no message. */
export function requestBytes(random: Random, { input }: DescMethod, tenants: Tenants): Uint8Array {
  const message = create(input) as Message;
  fill(random, reflect(input, message), { tenants, rate: random.one([0.15, 0.4, 0.8]), depth: 0 });
  const bytes = toBinary(input, message);
  if (random.chance(0.05)) return Uint8Array.from([...bytes, ...unknownField(random)]);
  return random.chance(0.1) ? torn(random, bytes) : bytes;
}

interface Filling {
  readonly tenants: Tenants;
  /** How likely a field is set. */
  readonly rate: number;
  readonly depth: number;
}

function fill(random: Random, message: ReflectMessage, filling: Filling): void {
  for (const field of message.fields) {
    const isProject = field.name === 'project';
    if (!random.chance(isProject ? 0.9 : filling.rate) || filling.depth > DEEPEST) continue;
    setField(random, message, field, { ...filling, depth: filling.depth + 1 });
  }
}

function setField(random: Random, message: ReflectMessage, field: DescField, filling: Filling): void {
  switch (field.fieldKind) {
    case 'scalar':
      message.set(field, scalar(random, field.scalar, field.name, filling.tenants));
      break;
    case 'enum':
      message.set(field, random.chance(0.1) ? random.below(99) : random.one(field.enum.values).number);
      break;
    case 'message':
      message.set(field, made(random, field.message, filling));
      break;
    case 'list':
      for (let times = random.below(4); times > 0; times -= 1)
        message.get(field).add(element(random, field, filling) as never);
      break;
    case 'map':
      for (let times = random.below(4); times > 0; times -= 1)
        message
          .get(field)
          .set(
            scalar(random, field.mapKey, 'key', filling.tenants) as never,
            mapValue(random, field, filling) as never,
          );
  }
}

function made(random: Random, type: DescMessage, filling: Filling): ReflectMessage {
  const message = reflect(type, create(type) as Message);
  fill(random, message, filling);
  return message;
}

function element(random: Random, field: DescField & { fieldKind: 'list' }, filling: Filling): unknown {
  if (field.listKind === 'message') return made(random, field.message, filling);
  if (field.listKind === 'enum') return random.one(field.enum.values).number;
  return scalar(random, field.scalar, field.name, filling.tenants);
}

function mapValue(random: Random, field: DescField & { fieldKind: 'map' }, filling: Filling): unknown {
  if (field.mapKind === 'message') return made(random, field.message, filling);
  if (field.mapKind === 'enum') return random.one(field.enum.values).number;
  return scalar(random, field.scalar, field.name, filling.tenants);
}

const INTEGERS_OF_64_BITS = [ScalarType.INT64, ScalarType.SINT64, ScalarType.SFIXED64];
const NATURALS_OF_64_BITS = [ScalarType.UINT64, ScalarType.FIXED64];
const NATURALS = [ScalarType.UINT32, ScalarType.FIXED32];
const FRACTIONS = [ScalarType.DOUBLE, ScalarType.FLOAT];

function scalar(random: Random, type: ScalarType, name: string, tenants: Tenants): unknown {
  if (type === ScalarType.STRING) return text(random, name, tenants).toWellFormed();
  if (type === ScalarType.BOOL) return random.chance(0.5);
  if (type === ScalarType.BYTES) return Buffer.from(hostileText(random));
  if (FRACTIONS.includes(type))
    return random.one([0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e38]);
  if (INTEGERS_OF_64_BITS.includes(type))
    return random.one([0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), BigInt(random.below(1e9))]);
  if (NATURALS_OF_64_BITS.includes(type)) return random.one([0n, 1n, 2n ** 64n - 1n, 2n ** 53n]);
  const whole = Math.trunc(hostileNumber(random)) | 0;
  return NATURALS.includes(type) ? whole >>> 0 : whole;
}

/** Words that lead past the first check, by the names of their fields. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  name: NAMES,
  kind: ['VMDisk', 'VMInstance'],
  storage: ['1Gi', '2Gi'],
  instance_type: ['u1.medium'],
  instance_profile: ['ubuntu'],
  page_token: ['W10', 'e30.x'],
  order_by: ['name', 'createdAt desc', 'name,,'],
  filter: ['phase=Ready', 'createdAt>2026-01-01', 'name="'],
  label_selector: ['team=plain', 'team in ('],
  manifest: [
    'apiVersion: apps.cozystack.io/v1alpha1\nkind: VMDisk\nmetadata: {name: m}\nspec: {storage: 1Gi}\n',
    'a: &a [*a]',
  ],
};

function text(random: Random, name: string, tenants: Tenants): string {
  if (name === 'project')
    return random.chance(0.75) ? tenants.attacker : random.one([tenants.victim, '', hostileText(random)]);
  const known = KNOWN[name];
  return known && random.chance(0.7) ? random.one(known) : hostileText(random);
}

/** A field that no message has, of a random wire type, whole or cut. */
function unknownField(random: Random): Uint8Array {
  const number = 10_000 + random.below(1_000);
  const tag = (number << 3) | random.below(8);
  const varint = [(tag & 0x7f) | 0x80, ((tag >> 7) & 0x7f) | 0x80, (tag >> 14) & 0x7f];
  return Uint8Array.from([...varint, ...Array.from({ length: random.below(12) }, () => random.below(256))]);
}
