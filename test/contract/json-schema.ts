/**
 * Checks a value against a schema of the OpenAPI document (JSON Schema 2020-12), as far as the document uses it: a
 * keyword that is not known here is thrown, never passed over.
 */
import type { JsonSchema } from '@compute/contract';

export type Components = Readonly<Record<string, JsonSchema>>;

/** Every violation, as `pointer: sentence`; none when the value is as described. */
export function violations(value: unknown, schema: JsonSchema, components: Components, at = ''): string[] {
  return Object.entries(schema).flatMap(([keyword, rule]) => {
    const check = KEYWORDS[keyword];
    if (!check) throw new Error(`The schema uses '${keyword}', which this check does not know.`);
    return check({ value, rule, schema, components, at });
  });
}

interface Checked {
  readonly value: unknown;
  // biome-ignore lint/suspicious/noExplicitAny: what stands behind a keyword of a schema
  readonly rule: any;
  readonly schema: JsonSchema;
  readonly components: Components;
  readonly at: string;
}

type Check = (checked: Checked) => string[];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
  array: Array.isArray,
  object: isObject,
  null: (value) => value === null,
};

const none: Check = () => [];
const unless = (holds: boolean, { at, rule }: Checked, what: string): string[] =>
  holds ? [] : [`${at || '/'}: ${what} ${JSON.stringify(rule)}`];

/** A rule about values of one type; it says nothing about others. */
const ofText =
  (what: string, holds: (text: string, rule: never) => boolean): Check =>
  (checked) =>
    unless(typeof checked.value !== 'string' || holds(checked.value, checked.rule as never), checked, what);
const ofNumber =
  (what: string, holds: (number: number, rule: number) => boolean): Check =>
  (checked) =>
    unless(typeof checked.value !== 'number' || holds(checked.value, checked.rule), checked, what);

const FORMATS: Readonly<Record<string, RegExp>> = {
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  uuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  uri: /^[a-z][a-z0-9+.-]*:/i,
};

const KEYWORDS: Readonly<Record<string, Check>> = {
  ...Object.fromEntries(['description', 'default', 'examples', 'title', 'deprecated'].map((note) => [note, none])),
  $ref: ({ value, rule, components, at }) => {
    const target = components[String(rule).replace('#/components/schemas/', '')];
    if (!target) throw new Error(`${rule} leads nowhere.`);
    return violations(value, target, components, at);
  },
  type: (checked) =>
    unless(
      [checked.rule].flat().some((type: string) => TYPES[type]?.(checked.value)),
      checked,
      'is not of type',
    ),
  const: (checked) => unless(checked.value === checked.rule, checked, 'is not'),
  enum: (checked) => unless(checked.rule.includes(checked.value), checked, 'is none of'),
  anyOf: (checked) => {
    const tries: string[][] = checked.rule.map((one: JsonSchema) =>
      violations(checked.value, one, checked.components, checked.at),
    );
    return tries.some((found) => found.length === 0) ? [] : [`${checked.at}: no alternative fits: ${tries.join('; ')}`];
  },
  allOf: ({ value, rule, components, at }) => rule.flatMap((one: JsonSchema) => violations(value, one, components, at)),
  properties: ({ value, rule, components, at }) =>
    isObject(value)
      ? Object.entries(rule as Components).flatMap(([key, inner]) =>
          value[key] === undefined ? [] : violations(value[key], inner, components, `${at}/${key}`),
        )
      : [],
  required: ({ value, rule, at }) =>
    isObject(value)
      ? rule.filter((key: string) => value[key] === undefined).map((key: string) => `${at}/${key}: is missing`)
      : [],
  additionalProperties: ({ value, rule, schema, components, at }) => {
    const known = Object.keys((schema.properties ?? {}) as object);
    const others = isObject(value) ? Object.entries(value).filter(([key]) => !known.includes(key)) : [];
    if (rule === false) return others.map(([key]) => `${at}/${key}: is not described`);
    if (rule === true) return [];
    return others.flatMap(([key, inner]) => violations(inner, rule, components, `${at}/${key}`));
  },
  propertyNames: ({ value, rule, components, at }) =>
    isObject(value) ? Object.keys(value).flatMap((key) => violations(key, rule, components, `${at}/${key}`)) : [],
  items: ({ value, rule, components, at }) =>
    Array.isArray(value) ? value.flatMap((item, index) => violations(item, rule, components, `${at}/${index}`)) : [],
  minItems: (checked) =>
    unless(!Array.isArray(checked.value) || checked.value.length >= checked.rule, checked, 'has fewer entries than'),
  maxItems: (checked) =>
    unless(!Array.isArray(checked.value) || checked.value.length <= checked.rule, checked, 'has more entries than'),
  minLength: ofText('is shorter than', (text, least: number) => text.length >= least),
  maxLength: ofText('is longer than', (text, most: number) => text.length <= most),
  pattern: ofText('does not match', (text, pattern: string) => new RegExp(pattern, 'u').test(text)),
  format: ofText('is no', (text, format: string) => {
    const known = FORMATS[format];
    if (!known) throw new Error(`The schema uses the format '${format}', which this check does not know.`);
    return known.test(text);
  }),
  minimum: ofNumber('is less than', (number, least) => number >= least),
  maximum: ofNumber('is more than', (number, most) => number <= most),
  exclusiveMinimum: ofNumber('is not more than', (number, least) => number > least),
  exclusiveMaximum: ofNumber('is not less than', (number, most) => number < most),
};
