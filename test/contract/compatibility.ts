/**
 * What of an OpenAPI document breaks callers of the one before: within v1 nothing is removed, renamed, newly required,
 * or given another default. What is added breaks nobody.
 *
 * A reader could break: a schema is judged by the way it travels. What callers send must stay accepted; what they get
 * must keep every field that was always there.
 */
import type { JsonSchema, OpenApiDocument, OpenApiOperation } from '@compute/contract';

type Direction = 'sent' | 'received';

interface Side {
  readonly schema: JsonSchema;
  readonly document: OpenApiDocument;
}

/** A sentence for each break; none when every caller of the first document can live with the second. */
export function breakingChanges(before: OpenApiDocument, after: OpenApiDocument): string[] {
  return Object.entries(before.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]) => {
      const where = `${method.toUpperCase()} ${path}`;
      const now = after.paths[path]?.[method];
      if (!now) return [`${where} is gone`];
      return operationBreaks({ operation, document: before }, { operation: now, document: after }, where);
    }),
  );
}

interface Operation {
  readonly operation: OpenApiOperation;
  readonly document: OpenApiDocument;
}

function operationBreaks(before: Operation, after: Operation, where: string): string[] {
  const renamed = before.operation.operationId !== after.operation.operationId;
  return [
    ...(renamed ? [`${where} is no longer called ${before.operation.operationId}`] : []),
    ...parameterBreaks(before, after, where),
    ...bodyBreaks(before, after, where),
    ...answerBreaks(before, after, where),
  ];
}

function parameterBreaks(before: Operation, after: Operation, where: string): string[] {
  const keyOf = ({ name, in: place }: { name: string; in: string }) => `${place} parameter ${name}`;
  const present = new Map(after.operation.parameters.map((parameter) => [keyOf(parameter), parameter]));
  const known = new Map(before.operation.parameters.map((parameter) => [keyOf(parameter), parameter]));
  const lost = [...known].flatMap(([key, { schema }]) => {
    const now = present.get(key);
    if (!now) return [`${where}: the ${key} is gone`];
    const sides = [
      { schema, document: before.document },
      { schema: now.schema, document: after.document },
    ] as const;
    return schemaBreaks(...sides, 'sent', `${where}: ${key}`);
  });
  const demanded = [...present]
    .filter(([key, { required }]) => required && known.get(key)?.required !== true)
    .map(([key]) => `${where}: the ${key} is newly required`);
  return [...lost, ...demanded];
}

function bodyBreaks(before: Operation, after: Operation, where: string): string[] {
  const [was, is] = [before.operation.requestBody, after.operation.requestBody];
  if (!was) return is?.required ? [`${where}: a body is newly required`] : [];
  if (!is) return [`${where}: the body is gone`];
  const demanded = is.required && !was.required ? [`${where}: the body is newly required`] : [];
  const contents = Object.entries(was.content).flatMap(([type, { schema }]) => {
    const now = is.content[type];
    if (!now) return [`${where}: ${type} is no longer taken`];
    const sides = [
      { schema, document: before.document },
      { schema: now.schema, document: after.document },
    ] as const;
    return schemaBreaks(...sides, 'sent', `${where}: body`);
  });
  return [...demanded, ...contents];
}

function answerBreaks(before: Operation, after: Operation, where: string): string[] {
  return Object.entries(before.operation.responses).flatMap(([status, { content = {} }]) => {
    const now = after.operation.responses[status];
    if (!now) return status.startsWith('2') ? [`${where}: the answer ${status} is gone`] : [];
    return Object.entries(content).flatMap(([type, { schema }]) => {
      const present = now.content?.[type];
      if (!present) return [`${where}: ${status} no longer comes as ${type}`];
      const sides = [
        { schema, document: before.document },
        { schema: present.schema, document: after.document },
      ] as const;
      return schemaBreaks(...sides, 'received', `${where}: ${status}`);
    });
  });
}

/** What a schema refers to. */
function resolved({ schema, document }: Side): JsonSchema {
  if (typeof schema.$ref !== 'string') return schema;
  const target = document.components.schemas[schema.$ref.replace('#/components/schemas/', '')];
  if (!target) throw new Error(`${schema.$ref} leads nowhere.`);
  return target;
}

function schemaBreaks(before: Side, after: Side, direction: Direction, at: string): string[] {
  const [was, is] = [resolved(before), resolved(after)];
  const inner = (a: JsonSchema, b: JsonSchema, where: string) =>
    schemaBreaks({ ...before, schema: a }, { ...after, schema: b }, direction, where);
  if (was.anyOf !== undefined || is.anyOf !== undefined) return alternativeBreaks(was, is, inner, at);
  return [
    ...typeBreaks(was, is, direction, at),
    ...valueBreaks(was, is, at),
    ...(direction === 'sent' ? limitBreaks(was, is, at) : []),
    ...fieldBreaks(was, is, direction, inner, at),
    ...(was.items !== undefined && is.items !== undefined
      ? inner(was.items as JsonSchema, is.items as JsonSchema, `${at}[]`)
      : []),
  ];
}

type Inner = (was: JsonSchema, is: JsonSchema, at: string) => string[];

/** Each alternative that there was is still one. */
function alternativeBreaks(was: JsonSchema, is: JsonSchema, inner: Inner, at: string): string[] {
  const alternatives = (schema: JsonSchema) => (schema.anyOf as JsonSchema[] | undefined) ?? [schema];
  const lost = alternatives(was).filter((one) => !alternatives(is).some((other) => inner(one, other, at).length === 0));
  return lost.map((one) => `${at}: no longer ${JSON.stringify(one)}`);
}

/** Callers may be let send more, and get no more than they know. */
function typeBreaks(was: JsonSchema, is: JsonSchema, direction: Direction, at: string): string[] {
  const [before, after] = [typesOf(was), typesOf(is)];
  const holds = direction === 'sent' ? covers(after, before) : covers(before, after);
  return holds ? [] : [`${at}: was ${before?.join(' or ') ?? 'anything'}, is ${after?.join(' or ') ?? 'anything'}`];
}

/** Undefined for a schema that says nothing about types. */
const typesOf = ({ type }: JsonSchema): readonly string[] | undefined =>
  type === undefined ? undefined : ([type].flat() as string[]);

function covers(wide: readonly string[] | undefined, narrow: readonly string[] | undefined): boolean {
  if (wide === undefined) return true;
  return narrow?.every((type) => wide.includes(type) || (type === 'integer' && wide.includes('number'))) ?? false;
}

/** Words that were there stay, and a default is a promise. */
function valueBreaks(was: JsonSchema, is: JsonSchema, at: string): string[] {
  const wordsOf = ({ enum: words, const: word }: JsonSchema) =>
    (words as unknown[] | undefined) ?? (word === undefined ? undefined : [word]);
  const [before, after] = [wordsOf(was), wordsOf(is)];
  const lost = before === undefined || after === undefined ? [] : before.filter((value) => !after.includes(value));
  const closed = before === undefined && after !== undefined ? [`${at}: only certain words now`] : [];
  const hasOtherDefault = was.default !== undefined && JSON.stringify(was.default) !== JSON.stringify(is.default);
  return [
    ...closed,
    ...lost.map((value) => `${at}: the word ${String(value)} is gone`),
    ...(hasOtherDefault
      ? [`${at}: the default was ${JSON.stringify(was.default)}, is ${JSON.stringify(is.default)}`]
      : []),
  ];
}

const UPPER = ['maxLength', 'maxItems', 'maximum', 'exclusiveMaximum'];
const LOWER = ['minLength', 'minItems', 'minimum', 'exclusiveMinimum'];
const FORMS = ['pattern', 'format'];

function limitBreaks(was: JsonSchema, is: JsonSchema, at: string): string[] {
  const number = (schema: JsonSchema, key: string, otherwise: number) =>
    typeof schema[key] === 'number' ? (schema[key] as number) : otherwise;
  const lowered = UPPER.filter((key) => number(is, key, Infinity) < number(was, key, Infinity));
  const raised = LOWER.filter((key) => number(is, key, -Infinity) > number(was, key, -Infinity));
  const formed = FORMS.filter((key) => is[key] !== undefined && is[key] !== was[key]);
  return [...lowered, ...raised, ...formed].map((key) => `${at}: ${key} is tighter`);
}

function fieldBreaks(was: JsonSchema, is: JsonSchema, direction: Direction, inner: Inner, at: string): string[] {
  const fields = (schema: JsonSchema) => (schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>;
  const required = (schema: JsonSchema) => (schema.required ?? []) as readonly string[];
  const lost = Object.entries(fields(was)).flatMap(([key, schema]) => {
    const now = fields(is)[key];
    return now ? inner(schema, now, `${at}.${key}`) : [`${at}.${key} is gone`];
  });
  const [demanding, promising] = direction === 'sent' ? [is, was] : [was, is];
  const word = direction === 'sent' ? 'is newly required' : 'is no longer always there';
  const moved = required(demanding).filter((key) => !required(promising).includes(key));
  const others = [was.additionalProperties, is.additionalProperties];
  const [open, now] = others as (JsonSchema | boolean | undefined)[];
  const closed = direction === 'sent' && open !== false && now === false ? [`${at}: other fields are refused now`] : [];
  const entries = typeof open === 'object' && typeof now === 'object' ? inner(open, now, `${at}.*`) : [];
  return [
    ...lost,
    ...moved.filter((key) => direction === 'sent' || key in fields(is)).map((key) => `${at}.${key} ${word}`),
    ...closed,
    ...entries,
  ];
}
