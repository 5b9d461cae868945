/** The few words of JSON Schema that the chart's values are described with. Objects are closed: a typing error is refused. */

export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly [word: string]: unknown;
}

export type Properties = Readonly<Record<string, Schema>>;

/** An object with these members and no others. */
export function closed(description: string, properties: Properties, more: Partial<Schema> = {}): Schema {
  return { type: 'object', description, additionalProperties: false, properties, ...more };
}

/** An object of Kubernetes, whose form the API server judges. */
export const kubernetesObject = (description: string): Schema => ({ type: 'object', description });

/** A list of objects of Kubernetes. */
export const kubernetesList = (description: string): Schema => ({
  type: 'array',
  items: { type: 'object' },
  description,
});

/** Labels or annotations. */
export const words = (description: string): Schema => ({
  type: 'object',
  additionalProperties: { type: 'string' },
  description,
});

export const text = (description: string, more: Partial<Schema> = {}): Schema => ({
  type: 'string',
  description,
  ...more,
});

export const flag = (description: string): Schema => ({ type: 'boolean', description });

/** A whole number, both bounds inclusive. */
export const whole = (description: string, minimum: number, maximum?: number): Schema => ({
  type: 'integer',
  minimum,
  ...(maximum === undefined ? {} : { maximum }),
  description,
});

export const oneOf = (description: string, words: readonly string[]): Schema => ({
  type: 'string',
  enum: words,
  description,
});

/** A port of a container or a Service. */
export const port = (description: string): Schema => whole(description, 1, 65_535);

export const networks = (description: string): Schema => ({
  type: 'array',
  items: { type: 'string', pattern: '^[0-9a-fA-F.:]+/[0-9]+$' },
  description,
});

/** The name of an object of Kubernetes; empty where there is none. */
export const objectName = (description: string): Schema =>
  text(description, { pattern: '^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$' });
