/** Schemas for partial objects: nothing is required and nothing is filled in, so an applied configuration stays what it is. */
import type { Schema } from './schema.ts';

const known = new WeakMap<Schema, Schema>();

/** The schema without requirements and defaults; made once per schema. */
export function partialSchema(schema: Schema): Schema {
  let partial = known.get(schema);
  if (partial === undefined) {
    partial = relax(schema);
    known.set(schema, partial);
  }
  return partial;
}

function relax(schema: Schema): Schema {
  const { required: _required, default: _default, ...rest } = schema;
  const { properties, items, additionalProperties } = schema;
  return {
    ...rest,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, child]) => [name, partialSchema(child)])),
    }),
    ...(items && { items: partialSchema(items) }),
    ...(additionalProperties && { additionalProperties: partialSchema(additionalProperties) }),
  };
}
