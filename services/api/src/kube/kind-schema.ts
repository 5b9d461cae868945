/**
 * The schemas of `kubectl explain`, made of those that validate and document REST. They describe, and say which fields
 * there are; values are judged by the application services, the same for each face.
 */
import { type JsonSchema, openApiDocument } from '@compute/contract';
import type { Kind } from '@compute/domain';
import type { Schema } from '@compute/kube-wire';

const { schemas } = openApiDocument().components;

/** The schema of a kind: the spec as it is written, the status as it is read. */
export function schemaOf(kind: Kind, description: string): Schema {
  return {
    type: 'object',
    description,
    required: ['spec'],
    properties: {
      spec: { ...propertyOf(`${kind}Manifest`, 'spec'), description: 'What is wanted.' },
      status: { ...propertyOf(kind, 'status'), description: 'What was observed. Written by the service alone.' },
    },
  };
}

function propertyOf(component: string, property: string): Schema {
  const properties = schemas[component]?.properties as Readonly<Record<string, JsonSchema>> | undefined;
  const found = properties?.[property];
  if (!found) throw new Error(`The schema ${component} has no property ${property}.`);
  return kubeSchema(found);
}

/** Structural schemas know no alternatives: where there are some, anything is described and kept. */
function kubeSchema(json: JsonSchema): Schema {
  const description = typeof json.description === 'string' ? { description: json.description } : {};
  if (json.anyOf !== undefined || json.type === undefined)
    return { ...description, 'x-kubernetes-preserve-unknown-fields': true };
  return { ...description, ...plainSchema(json), ...nested(json) };
}

function plainSchema(json: JsonSchema): Schema {
  const values = json.const === undefined ? json.enum : [json.const];
  return {
    type: json.type as NonNullable<Schema['type']>,
    ...(json.format === 'date-time' ? { format: 'date-time' } : {}),
    ...(Array.isArray(values) ? { enum: values as string[] } : {}),
    ...(json.default === undefined ? {} : { default: json.default }),
  };
}

function nested({ properties, required, items, additionalProperties }: JsonSchema): Schema {
  const entries = Object.entries((properties ?? {}) as Record<string, JsonSchema>);
  return {
    ...(properties ? { properties: Object.fromEntries(entries.map(([key, value]) => [key, kubeSchema(value)])) } : {}),
    ...(Array.isArray(required) && required.length > 0 ? { required: required as string[] } : {}),
    ...(items ? { items: kubeSchema(items as JsonSchema) } : {}),
    ...(typeof additionalProperties === 'object' && additionalProperties !== null
      ? { additionalProperties: kubeSchema(additionalProperties as JsonSchema) }
      : {}),
  };
}
