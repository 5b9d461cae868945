/**
 * Builds schemas from the type catalogues. A type is one line of `field:type`, `field!:type` when it is required:
 * `s` text, `n` integer, `b` boolean, `t` time, `q` quantity or int-or-string, `*` anything, `[T]` a list of T, `{T}` a
 * map of T, and every other word the name of a type. Types refer to each other without cycles.
 */
import type { Schema } from '../../protocol/schema.ts';
import { cdiTypes } from './cdi-types.ts';
import { kubernetesTypes } from './kubernetes-types.ts';
import { kubevirtTypes } from './kubevirt-types.ts';

type Catalogue = Readonly<Record<string, string>>;

// KubeVirt's conditions state times that are not known as null.
const anything: Schema = { 'x-kubernetes-preserve-unknown-fields': true, nullable: true };

const scalars: Record<string, Schema> = {
  s: { type: 'string' },
  n: { type: 'integer' },
  b: { type: 'boolean' },
  t: { type: 'string', format: 'date-time' },
  q: { 'x-kubernetes-int-or-string': true },
  '*': anything,
};

class SchemaBuilder {
  readonly #catalogue: Catalogue;
  /** Built-in kinds take null for absent and check what is required in code, not by schema. */
  readonly #lenient: boolean;
  readonly #built = new Map<string, Schema>();

  constructor(catalogue: Catalogue, lenient: boolean) {
    this.#catalogue = catalogue;
    this.#lenient = lenient;
  }

  /** The schema of a named type; built once, shared by all that use it. */
  build(name: string): Schema {
    let schema = this.#built.get(name);
    if (schema === undefined) {
      schema = this.#object(name);
      this.#built.set(name, schema);
    }
    return schema;
  }

  #object(name: string): Schema {
    const notation = this.#catalogue[name];
    if (notation === undefined) throw new Error(`the type catalogue has no ${name}`);
    const properties: Record<string, Schema> = {};
    const required: string[] = [];
    for (const part of notation.split(' ')) {
      const at = part.indexOf(':');
      const field = part.slice(0, at).replace('!', '');
      properties[field] = this.#type(part.slice(at + 1));
      if (part[at - 1] === '!') required.push(field);
    }
    const strict = required.length === 0 || this.#lenient ? {} : { required };
    return this.#nullable({ type: 'object', properties, ...strict });
  }

  #type(text: string): Schema {
    const inner = text.slice(1, -1);
    if (text.startsWith('[')) return this.#nullable({ type: 'array', items: this.#type(inner) });
    if (text.startsWith('{')) return this.#nullable({ type: 'object', additionalProperties: this.#type(inner) });
    const scalar = scalars[text];
    return scalar === undefined ? this.build(text) : this.#nullable(scalar);
  }

  #nullable(schema: Schema): Schema {
    return this.#lenient ? { ...schema, nullable: true } : schema;
  }
}

const kubernetes = new SchemaBuilder(kubernetesTypes, true);
const kubevirt = new SchemaBuilder(kubevirtTypes, false);
const cdi = new SchemaBuilder(cdiTypes, false);

/** The schema of a built-in kind. */
export function kubernetesSchema(type: string): Schema {
  return kubernetes.build(type);
}

/** The schema of a kind of KubeVirt; its status takes everything, because controllers are newer than the catalogue. */
export function kubevirtSchema(type: string): Schema {
  return withOpenStatus(kubevirt.build(type));
}

/** The schema of a kind of CDI, with an open status as well. */
export function cdiSchema(type: string): Schema {
  return withOpenStatus(cdi.build(type));
}

function withOpenStatus(schema: Schema): Schema {
  const { properties = {} } = schema;
  if (properties.status === undefined) return schema;
  return { ...schema, properties: { ...properties, status: opened(properties.status) } };
}

/** The schema with nothing required, nothing pruned and null allowed everywhere; types are still checked. */
function opened({ required: _, ...schema }: Schema): Schema {
  const { properties, items, additionalProperties } = schema;
  const entries = Object.entries(properties ?? {}).map(([name, child]) => [name, opened(child)]);
  return {
    ...schema,
    nullable: true,
    ...(properties && { properties: Object.fromEntries(entries), ...anything }),
    ...(items && { items: opened(items) }),
    ...(additionalProperties && { additionalProperties: opened(additionalProperties) }),
  };
}
