/**
 * Faults to plant in a sound manifest, each with the JSON pointer that its refusal must name: those that the published
 * schema forbids, found by walking it, and those that only the rules know.
 */
import { type JsonSchema, openApiDocument } from '@compute/contract';
import type { Kind } from '@compute/domain';
import fc from 'fast-check';

/** One fault: a value to set at a pointer, or the field there taken away. */
export interface Fault {
  readonly pointer: string;
  readonly value?: unknown;
  readonly isAbsent?: boolean;
}

interface Soil {
  readonly pointer: string;
  readonly values: fc.Arbitrary<unknown>;
}

const { schemas } = openApiDocument().components;

/** Every way in which the schema of a kind's manifest can be broken. */
function schemaFaults(kind: Kind): Soil[] {
  return walk(schemas[`${kind}Manifest`] as JsonSchema, '');
}

function walk(schema: JsonSchema, pointer: string): Soil[] {
  const here = pointer === '' ? [] : violationsOf(schema).map((values) => ({ pointer, values }));
  const fields = Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>);
  const nested = fields.flatMap(([key, inner]) => walk(inner, `${pointer}/${key}`));
  const unknown = schema.additionalProperties === false && fields.length > 0 ? [unknownField(pointer)] : [];
  const entries =
    typeof schema.additionalProperties === 'object' && schema.additionalProperties !== null
      ? walk(schema.additionalProperties as JsonSchema, `${pointer}/entry`)
      : [];
  const items = schema.items === undefined ? [] : walk(schema.items as JsonSchema, `${pointer}/0`);
  return [...here, ...nested, ...unknown, ...entries, ...items];
}

const unknownField = (pointer: string): Soil => ({
  pointer: `${pointer}/zzUnknown`,
  values: fc.jsonValue({ maxDepth: 2 }).filter((value) => value !== null),
});

const WRONG: Readonly<Record<string, readonly unknown[]>> = {
  string: [5, true, {}, [], ['text'], -1e300],
  boolean: ['yes', 'true', 1, 0, [], {}],
  integer: ['22', 1.5, -7, 1e308, [], true],
  number: ['x', [], true],
  array: ['text', 5, { 0: 'x' }, true],
  object: ['text', 5, [], true],
};

/** Values that a schema refuses; null counts as not given and is none of them. */
function violationsOf(schema: JsonSchema): fc.Arbitrary<unknown>[] {
  if (schema.anyOf !== undefined) return [fc.constantFrom<unknown>(true, [], [{}])];
  if (schema.const !== undefined || schema.enum !== undefined)
    return [fc.constantFrom<unknown>('nonsense', 'true', 5, {})];
  const wrong = WRONG[String(schema.type)];
  if (!wrong) return [];
  return [fc.constantFrom(...wrong), ...tooMuch(schema)];
}

function tooMuch({ type, maxLength, maxItems, maximum, minLength }: JsonSchema): fc.Arbitrary<unknown>[] {
  return [
    ...(typeof maxLength === 'number'
      ? [fc.constantFrom('x', '\u{1f600}', ' ').map((one) => one.repeat(maxLength + 1))]
      : []),
    ...(minLength === undefined ? [] : [fc.constant('')]),
    ...(typeof maxItems === 'number' ? [fc.constant(Array.from({ length: maxItems + 1 }, () => 'x'))] : []),
    ...(type === 'integer' && typeof maximum === 'number' ? [fc.integer({ min: maximum + 1, max: 2 ** 31 - 1 })] : []),
  ];
}

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
const DNS_1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const badName = fc.oneof(
  text.filter((name) => !DNS_1035.test(name)),
  fc.constant('a'.repeat(100)),
  fc.constant('a--'),
);
const privateUrl = fc.oneof(
  fc
    .ipV4()
    .filter((ip) => /^(10|127)\./.test(ip))
    .map((ip) => `http://${ip}/x`),
  fc.constantFrom(
    'http://[::1]/',
    'http://169.254.169.254/',
    'https://localhost/x',
    'http://0x7f.1/',
    'http://2130706433/',
  ),
);
const badUrl = fc.oneof(
  privateUrl,
  text.filter((url) => !/^https?:/i.test(url)),
  fc.webUrl().map((url) => url.replace(/^https?/, 'ftp')),
);
const badQuantity = fc.oneof(
  fc.constantFrom('much', '-5Gi', '0', '1e40', 'Gi', '١٠Gi', '10 Gi', 'NaN', 'Infinity'),
  text.filter((quantity) => !/^[+]?[\d.]/.test(quantity)),
);
const word = fc.stringMatching(/^[a-z]{3,12}$/).map((name) => `no-${name}`);

const sharedRules: readonly Soil[] = [
  { pointer: '/metadata/name', values: badName },
  { pointer: '/metadata/labels/entry', values: fc.constantFrom('not ok', '-x', 'x'.repeat(64), 'ü') },
];

const RULES: Readonly<Record<Kind, readonly Soil[]>> = {
  VMInstance: [
    ...sharedRules,
    { pointer: '/spec/instanceType', values: word },
    { pointer: '/spec/instanceProfile', values: word },
    {
      pointer: '/spec/externalPorts/0',
      values: fc.oneof(fc.integer({ max: 0, min: -(2 ** 31) }), fc.integer({ min: 65_536, max: 2 ** 31 - 1 })),
    },
    { pointer: '/spec/disks/0', values: badName },
    {
      pointer: '/spec/sshKeys/0',
      values: text.filter(
        (key) => !/^\s*(ssh|ecdsa|sk-)/.test(key) && key.trim() !== '' && !key.trim().startsWith('#'),
      ),
    },
    {
      pointer: '/spec/cloudInit',
      values: fc.constantFrom(
        'echo',
        '#!/bin/sh\n',
        '#cloud-config\na: [',
        '#cloud-config\n- a',
        '#cloud-config\na: *b',
      ),
    },
    { pointer: '/spec/runStrategy', values: fc.constantFrom('always', 'Sometimes', '\u0000') },
  ],
  VMDisk: [
    ...sharedRules,
    { pointer: '/spec/storage', values: badQuantity },
    { pointer: '/spec/storageClass', values: word },
    { pointer: '/spec/source/http/url', values: badUrl },
    { pointer: '/spec/source/image/name', values: word },
  ],
};

const soils = (kind: Kind): readonly Soil[] => [...schemaFaults(kind), ...RULES[kind]];
const SOILS: Readonly<Record<Kind, readonly Soil[]>> = { VMInstance: soils('VMInstance'), VMDisk: soils('VMDisk') };

/** What the rules know and any face can carry: every value has the type of its field. */
const TYPED: Readonly<Record<Kind, readonly Soil[]>> = {
  VMInstance: RULES.VMInstance.filter(({ pointer }) => pointer !== '/spec/runStrategy'),
  VMDisk: RULES.VMDisk,
};

const REQUIRED: Readonly<Record<Kind, readonly string[]>> = {
  VMInstance: ['/metadata', '/spec', '/spec/instanceProfile'],
  VMDisk: ['/metadata', '/spec', '/spec/storage'],
};

/** A fault of any sort, or with `typedOnly` one that a typed message can carry. */
function fault(kind: Kind, typedOnly: boolean): fc.Arbitrary<Fault> {
  const planted = fc
    .constantFrom(...(typedOnly ? TYPED : SOILS)[kind])
    .chain(({ pointer, values }) => values.map((value) => ({ pointer, value })));
  if (typedOnly) return planted;
  const absent = fc.constantFrom(...REQUIRED[kind]).map((pointer) => ({ pointer, isAbsent: true }));
  return fc.oneof({ weight: 9, arbitrary: planted }, { weight: 1, arbitrary: absent });
}

/** Several faults that do not hide each other. */
export function faults(kind: Kind, typedOnly = false): fc.Arbitrary<Fault[]> {
  return fc.array(fault(kind, typedOnly), { minLength: 1, maxLength: 5 }).map(apart);
}

/** One of an alternative may be missing because the other one is broken. */
const ALTERNATIVES = /^\/spec\/(instanceType|resources)\b/;

function apart(all: readonly Fault[]): Fault[] {
  const kept: Fault[] = [];
  for (const one of all) {
    const hides = ({ pointer }: Fault) =>
      isNear(pointer, one.pointer) || (ALTERNATIVES.test(pointer) && ALTERNATIVES.test(one.pointer));
    if (!kept.some(hides)) kept.push(one);
  }
  return kept;
}

/** Of two faults below the same list or map the second would take the first one's place. */
function isNear(a: string, b: string): boolean {
  const [top, other] = [a, b].map((pointer) => pointer.split('/').slice(0, 3).join('/'));
  return top === other || (top ?? '').startsWith(`${other}/`) || (other ?? '').startsWith(`${top}/`);
}

// biome-ignore lint/suspicious/noExplicitAny: a manifest that is about to be broken
type Manifest = any;

/** The manifest with the faults in it. */
export function plant(manifest: Manifest, planted: readonly Fault[]): Manifest {
  const broken = structuredClone(manifest);
  for (const { pointer, value, isAbsent } of planted) {
    const keys = pointer.split('/').slice(1);
    const last = keys.pop() ?? '';
    let at = broken;
    keys.forEach((key, index) => {
      at[key] ??= /^\d+$/.test(keys[index + 1] ?? last) ? [] : {};
      at = at[key];
    });
    if (isAbsent) delete at[last];
    else at[last] = value;
  }
  return broken;
}

/** Sound manifests to break, each with a name of its own. */
export function soundManifest(kind: Kind, name: string): Manifest {
  const spec = kind === 'VMInstance' ? { instanceType: 'u1.medium', instanceProfile: 'ubuntu' } : { storage: '1Gi' };
  return { apiVersion: 'apps.cozystack.io/v1alpha1', kind, metadata: { name }, spec };
}
