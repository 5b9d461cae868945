/**
 * The part of OpenAPI v3 that Kubernetes schemas use, and a short notation for writing them. Whether a schema prunes
 * is decided by the presence of `properties` without `x-kubernetes-preserve-unknown-fields`.
 */

export interface Schema {
  type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  description?: string;
  format?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema;
  enum?: readonly (string | number)[];
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  default?: unknown;
  nullable?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-list-type'?: 'map' | 'set' | 'atomic';
  'x-kubernetes-list-map-keys'?: string[];
}

type Extra = Omit<Schema, 'type'>;

export const text = (description = '', extra: Extra = {}): Schema => ({
  type: 'string',
  ...said(description),
  ...extra,
});
export const integer = (description = '', extra: Extra = {}): Schema => ({
  type: 'integer',
  ...said(description),
  ...extra,
});
export const flag = (description = '', extra: Extra = {}): Schema => ({
  type: 'boolean',
  ...said(description),
  ...extra,
});
export const time = (description = ''): Schema => ({ type: 'string', format: 'date-time', ...said(description) });
export const quantity = (description = ''): Schema => ({
  'x-kubernetes-int-or-string': true,
  ...said(description),
});
export const oneOf = (values: readonly string[], description = ''): Schema => ({
  type: 'string',
  enum: values,
  ...said(description),
});
export const list = (items: Schema, description = ''): Schema => ({ type: 'array', items, ...said(description) });
export const mapOf = (values: Schema, description = ''): Schema => ({
  type: 'object',
  additionalProperties: values,
  ...said(description),
});
/** A list whose items have identity. */
export const keyedList = (keys: string[], items: Schema, description = ''): Schema => ({
  ...list(items, description),
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
});
/** An object with exactly these fields; unknown ones are pruned. */
export const fields = (properties: Record<string, Schema>, required: string[] = [], description = ''): Schema => ({
  type: 'object',
  ...said(description),
  properties,
  ...(required.length === 0 ? {} : { required }),
});
/** An object of which these fields are described and all others are kept. */
export const open = (properties: Record<string, Schema> = {}, description = ''): Schema => ({
  type: 'object',
  ...said(description),
  properties,
  'x-kubernetes-preserve-unknown-fields': true,
});

function said(description: string): { description?: string } {
  return description === '' ? {} : { description };
}
