/** Get, list and watch: selection, paging and the form (plain, table, metadata) the client asked for. */
import type { ListPage } from '../protocol/backend.ts';
import { apiVersionOf } from '../protocol/kind.ts';
import type { Fields, ObjectVersion } from '../protocol/kube-object.ts';
import { badRequest, forbiddenField, invalid, notFound } from '../protocol/status-error.ts';
import type { ResourceRequest } from './resource-request.ts';
import { flagOf, integerOf, keyOf, selectionOf } from './resource-request.ts';
import { includeObjectOf, partialMetadata, renderTable, type TableRequest } from './table.ts';
import type { WatchOptions } from './watch-response.ts';

/** JSON text and the content type it is sent with. */
export interface Rendered {
  json: string;
  contentType: string;
}

function tableOf({ kind, query, accepted }: ResourceRequest): TableRequest {
  return { kind, version: accepted.version, include: includeObjectOf(query) };
}

function typeFor(as: string, version: string): string {
  return `application/json;as=${as};g=meta.k8s.io;v=${version}`;
}

/** One object in the negotiated form. */
export function renderObject(request: ResourceRequest, version: ObjectVersion): Rendered {
  const { accepted } = request;
  const { object } = version;
  if (accepted.transform === 'table') {
    const table = renderTable(tableOf(request), [object], { resourceVersion: version.resourceVersion });
    return { json: JSON.stringify(table), contentType: typeFor('Table', accepted.version) };
  }
  if (accepted.transform === 'metadata') {
    const json = JSON.stringify(partialMetadata(object, accepted.version));
    return { json, contentType: typeFor('PartialObjectMetadata', accepted.version) };
  }
  return { json: version.json, contentType: 'application/json' };
}

export async function getObject(request: ResourceRequest): Promise<Rendered> {
  const version = await request.backend.get(keyOf(request));
  if (version === undefined) throw notFound(request.kind, request.path.name);
  return renderObject(request, version);
}

export async function listObjects(request: ResourceRequest): Promise<Rendered> {
  const { query, path } = request;
  const page = await request.backend.list({
    namespace: path.namespace,
    selection: selectionOf(request),
    limit: integerOf(query, 'limit', 0),
    continueToken: query.get('continue') ?? '',
    resourceVersion: query.get('resourceVersion') ?? '',
    resourceVersionMatch: query.get('resourceVersionMatch') ?? '',
  });
  return renderList(request, page);
}

/** A page of objects in the negotiated form. */
export function renderList(request: ResourceRequest, page: ListPage): Rendered {
  const { accepted, kind } = request;
  const metadata = listMeta(page);
  if (accepted.transform === 'table') {
    const objects = page.items.map(({ object }) => object);
    const json = JSON.stringify(renderTable(tableOf(request), objects, metadata));
    return { json, contentType: typeFor('Table', accepted.version) };
  }
  if (accepted.transform === 'metadata') {
    const { version } = accepted;
    const items = page.items.map(({ object }) => partialMetadata(object, version));
    const list = { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${version}`, metadata, items };
    return { json: JSON.stringify(list), contentType: typeFor('PartialObjectMetadataList', version) };
  }
  const head = JSON.stringify({ kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata });
  const items = page.items.map(({ json }) => json).join(',');
  return { json: `${head.slice(0, -1)},"items":[${items}]}`, contentType: 'application/json' };
}

function listMeta(page: ListPage): Fields {
  return {
    resourceVersion: page.resourceVersion,
    ...(page.continueToken === undefined ? {} : { continue: page.continueToken }),
    ...(page.remainingItemCount === undefined ? {} : { remainingItemCount: page.remainingItemCount }),
  };
}

/** Watches end by themselves after 30 to 60 minutes when the client names no time, so that clients spread out. */
function defaultTimeoutSeconds(): number {
  return 1800 + Math.floor(Math.random() * 1800);
}

/** Reads and checks the parameters of a watch. */
export function watchOptions(request: ResourceRequest, bookmarkIntervalMs: number): WatchOptions {
  const { kind, path, query, accepted } = request;
  const initialEvents = flagOf(query, 'sendInitialEvents');
  const match = query.get('resourceVersionMatch') ?? '';
  if (initialEvents && match !== 'NotOlderThan') {
    const why = 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan';
    throw invalid('meta.k8s.io', 'ListOptions', '', [forbiddenField('resourceVersionMatch', why)]);
  }
  if (!query.has('sendInitialEvents') && match !== '') {
    const why = 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided';
    throw invalid('meta.k8s.io', 'ListOptions', '', [forbiddenField('resourceVersionMatch', why)]);
  }
  const resourceVersion = query.get('resourceVersion') ?? '';
  if (!/^\d*$/.test(resourceVersion)) throw badRequest(`invalid resource version ${JSON.stringify(resourceVersion)}`);
  const seconds = integerOf(query, 'timeoutSeconds', 0) || defaultTimeoutSeconds();
  return {
    kind,
    namespace: path.namespace,
    selection: selectionOf(request),
    resourceVersion,
    initialEvents,
    bookmarks: flagOf(query, 'allowWatchBookmarks'),
    timeoutMs: seconds * 1000,
    bookmarkIntervalMs,
    accepted,
    table: accepted.transform === 'table' ? tableOf(request) : { kind, version: 'v1', include: 'None' },
  };
}
