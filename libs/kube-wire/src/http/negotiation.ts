/**
 * Chooses the form of an answer from the Accept header. JSON (or YAML) always; protobuf is never offered: a client
 * that lists anything else besides gets that, one that insists on protobuf gets 406.
 */
import { notAcceptable } from '../protocol/status-error.ts';

export type Transform = 'none' | 'table' | 'metadata' | 'discovery';

export interface Accepted {
  transform: Transform;
  /** Version inside the transform: `v1`, `v1beta1`, `v2`, `v2beta1`. */
  version: string;
  yaml: boolean;
}

const offered = ['application/json', 'application/yaml'];

interface MediaRange {
  type: string;
  parameters: Map<string, string>;
}

function parseAccept(header: string): MediaRange[] {
  return header.split(',').map((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
    const pairs = parameters.map((parameter) => {
      const at = parameter.indexOf('=');
      return [parameter.slice(0, at), parameter.slice(at + 1)] as const;
    });
    return { type: type.toLowerCase(), parameters: new Map(pairs) };
  });
}

const transforms: Record<string, Transform> = {
  'Table/meta.k8s.io': 'table',
  'PartialObjectMetadata/meta.k8s.io': 'metadata',
  'PartialObjectMetadataList/meta.k8s.io': 'metadata',
  'APIGroupDiscoveryList/apidiscovery.k8s.io': 'discovery',
};

function read(range: MediaRange, allowed: readonly Transform[]): Accepted | undefined {
  const yaml = range.type === 'application/yaml';
  if (!yaml && !['application/json', 'application/*', '*/*', ''].includes(range.type)) return undefined;
  const as = range.parameters.get('as');
  if (as === undefined) return { transform: 'none', version: '', yaml };
  const transform = transforms[`${as}/${range.parameters.get('g') ?? ''}`];
  if (transform === undefined || !allowed.includes(transform)) return undefined;
  return { transform, version: range.parameters.get('v') ?? '', yaml };
}

/** The first acceptable form the header lists; throws 406 when there is none. */
export function negotiate(accept: string | undefined, allowed: readonly Transform[]): Accepted {
  if (accept === undefined || accept === '') return { transform: 'none', version: '', yaml: false };
  for (const range of parseAccept(accept)) {
    const accepted = read(range, allowed);
    if (accepted !== undefined) return accepted;
  }
  throw notAcceptable(offered);
}
