/**
 * Pruning, defaulting and validating values by schema, the way structural schemas of custom resources are treated:
 * unknown fields and nulls that are not allowed go, defaults fill absent fields only, and every violation names its field.
 */
import { cloneJson, equalJson, type Fields, isFields } from './kube-object.ts';
import type { Schema } from './schema.ts';
import type { FieldProblem } from './status-error.ts';
import { invalidField, requiredField, unsupportedField } from './status-error.ts';

/** Fields every object has besides those of its schema. */
const rootFields = ['apiVersion', 'kind', 'metadata'];

/** The value without fields the schema does not know, and the paths of those fields. */
export function pruneUnknown(object: Fields, schema: Schema): { value: Fields; unknown: string[] } {
  const unknown: string[] = [];
  const known = schema.properties ?? {};
  const value: Fields = {};
  for (const [name, below] of Object.entries(object)) {
    if (rootFields.includes(name)) value[name] = below;
    else if (isAbsentNull(below, known[name])) continue;
    else if (known[name] !== undefined) value[name] = prune(below, known[name], name, unknown);
    else if (keepsUnknown(schema)) value[name] = below;
    else unknown.push(name);
  }
  return { value, unknown };
}

function keepsUnknown(schema: Schema): boolean {
  return schema['x-kubernetes-preserve-unknown-fields'] === true || schema.properties === undefined;
}

function prune(value: unknown, schema: Schema, path: string, unknown: string[]): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item, at) => prune(item, items, `${path}[${at}]`, unknown));
  }
  if (!isFields(value)) return value;
  const pruned: Fields = {};
  for (const [name, below] of Object.entries(value)) {
    const child = schema.properties?.[name] ?? schema.additionalProperties;
    if (isAbsentNull(below, child)) continue;
    if (child !== undefined) pruned[name] = prune(below, child, `${path}.${name}`, unknown);
    else if (keepsUnknown(schema)) pruned[name] = below;
    else unknown.push(`${path}.${name}`);
  }
  return pruned;
}

/** A null where the schema knows the field and allows none means that the field is absent, so a default may take its place. */
function isAbsentNull(value: unknown, schema: Schema | undefined): boolean {
  return value === null && schema !== undefined && schema.nullable !== true;
}

/** The value with defaults in absent fields. */
export function fillDefaults(value: unknown, schema: Schema): unknown {
  if (!statesDefaults(schema)) return value;
  if (Array.isArray(value)) {
    const { items } = schema;
    return items === undefined ? value : value.map((item) => fillDefaults(item, items));
  }
  if (!isFields(value)) return value;
  const filled: Fields = { ...value };
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    if (filled[name] === undefined && child.default !== undefined) filled[name] = cloneJson(child.default);
    if (filled[name] !== undefined) filled[name] = fillDefaults(filled[name], child);
  }
  const others = schema.additionalProperties;
  if (others !== undefined) for (const name of Object.keys(filled)) filled[name] = fillDefaults(filled[name], others);
  return filled;
}

const withDefaults = new WeakMap<Schema, boolean>();

/** Whether a schema has a default anywhere; most have none, and then there is nothing to walk through. */
function statesDefaults(schema: Schema): boolean {
  let states = withDefaults.get(schema);
  if (states === undefined) {
    const below = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties];
    states = below.some((child) => child !== undefined && (child.default !== undefined || statesDefaults(child)));
    withDefaults.set(schema, states);
  }
  return states;
}

/** Every violation of the schema. The root's type and metadata are not looked at. */
export function validateValue(object: Fields, schema: Schema): FieldProblem[] {
  return [
    ...missing(object, schema, ''),
    ...Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
      object[name] === undefined || rootFields.includes(name) ? [] : check(object[name], child, name),
    ),
  ];
}

function missing(value: Fields, schema: Schema, path: string): FieldProblem[] {
  const absent = (schema.required ?? []).filter((name) => value[name] === undefined);
  return absent.map((name) => requiredField(path === '' ? name : `${path}.${name}`));
}

function check(value: unknown, schema: Schema, path: string): FieldProblem[] {
  if (value === null) return schema.nullable === true ? [] : [typeProblem(value, schema, path)];
  if (!hasType(value, schema)) return [typeProblem(value, schema, path)];
  if (schema.enum !== undefined && !schema.enum.some((allowed) => equalJson(allowed, value))) {
    return [unsupportedField(path, value, [...schema.enum])];
  }
  if (Array.isArray(value)) return checkList(value, schema, path);
  if (isFields(value)) return checkObject(value, schema, path);
  return checkScalar(value, schema, path);
}

function hasType(value: unknown, schema: Schema): boolean {
  if (schema['x-kubernetes-int-or-string'] === true) return typeof value === 'string' || typeof value === 'number';
  switch (schema.type) {
    case undefined:
      return true;
    case 'object':
      return isFields(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === schema.type;
  }
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function typeProblem(value: unknown, schema: Schema, path: string): FieldProblem {
  const expected = schema.type ?? 'integer,string';
  const why = `${path} in body must be of type ${expected}: ${JSON.stringify(typeName(value))}`;
  return { ...invalidField(path, typeName(value), why), reason: 'FieldValueTypeInvalid' };
}

function checkList(value: unknown[], schema: Schema, path: string): FieldProblem[] {
  const problems = value.flatMap((item, at) => (schema.items ? check(item, schema.items, `${path}[${at}]`) : []));
  if (value.length < (schema.minItems ?? 0)) {
    problems.push(invalidField(path, value.length, `${path} in body should have at least ${schema.minItems} items`));
  }
  return problems;
}

function checkObject(value: Fields, schema: Schema, path: string): FieldProblem[] {
  const below = Object.entries(value).flatMap(([name, child]) => {
    const rule = schema.properties?.[name] ?? schema.additionalProperties;
    return rule === undefined || child === undefined ? [] : check(child, rule, `${path}.${name}`);
  });
  return [...missing(value, schema, path), ...below];
}

function checkScalar(value: unknown, schema: Schema, path: string): FieldProblem[] {
  const body = `${path} in body should be`;
  if (typeof value === 'number') {
    if (schema.minimum !== undefined && value < schema.minimum) {
      return [invalidField(path, value, `${body} greater than or equal to ${schema.minimum}`)];
    }
    if (schema.maximum !== undefined && value > schema.maximum) {
      return [invalidField(path, value, `${body} less than or equal to ${schema.maximum}`)];
    }
  }
  if (typeof value !== 'string') return [];
  if (schema.minLength !== undefined && value.length < schema.minLength) {
    return [invalidField(path, value, `${body} at least ${schema.minLength} chars long`)];
  }
  if (schema.maxLength !== undefined && value.length > schema.maxLength) {
    return [invalidField(path, value, `may not be more than ${schema.maxLength} bytes`)];
  }
  if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)) {
    return [invalidField(path, value, `${body.replace('be', 'match')} '${schema.pattern}'`)];
  }
  return [];
}
