/**
 * The strong ETag of a resource: the version of what a user may set, bound to its uid so that it never matches a
 * successor of the same name. A report of a worker leaves it as it is.
 */
import { Fault, type ResourceMeta } from '@compute/domain';

export interface Precondition {
  readonly uid: string;
  readonly specVersion: number;
}

export function etagOf(resource: Pick<ResourceMeta, 'uid' | 'specVersion'>): string {
  return `"${resource.uid}.${resource.specVersion}"`;
}

/**
 * What an If-Match header (or a gRPC etag) demands: one of these versions. Undefined when it demands nothing or `*`.
 * Weak tags never match. Throws `InvalidArgument` for what is not a list of tags.
 */
export function parseIfMatch(header: string | undefined): readonly Precondition[] | undefined {
  const text = header?.trim() ?? '';
  if (text === '' || text === '*') return undefined;
  return text.split(',').flatMap((entry) => {
    const tag = entry.trim();
    if (/^W\/"[^"]*"$/.test(tag)) return [];
    const match = /^"?([0-9a-f-]{36})\.(\d{1,10})"?$/.exec(tag);
    if (match) return [{ uid: match[1] ?? '', specVersion: Number(match[2]) }];
    if (/^"[^"]*"$/.test(tag)) return [];
    throw new Fault('InvalidArgument', 'If-Match holds the ETag of an earlier reply, in quotes.');
  });
}

/** Throws `PreconditionFailed` unless the resource has one of the demanded versions. */
export function demand(
  resource: ResourceMeta & { readonly kind: string },
  wanted: readonly Precondition[] | undefined,
): void {
  if (!wanted) return;
  const matches = wanted.some((tag) => tag.uid === resource.uid && tag.specVersion === resource.specVersion);
  if (matches) return;
  const message = `${resource.kind} '${resource.name}' has been changed since it was read. Read it again and repeat the edit.`;
  throw new Fault('PreconditionFailed', message, { resource: { kind: resource.kind, name: resource.name } });
}
