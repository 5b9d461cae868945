/**
 * Renders objects as `meta.k8s.io/v1 Table`, the form kubectl prints. Rows carry the object itself, its metadata, or
 * nothing, as `includeObject` says.
 */
import type { Cell, KindDefinition, PrinterColumn } from '../protocol/kind.ts';
import type { Fields, KubeObject } from '../protocol/kube-object.ts';
import { badRequest } from '../protocol/status-error.ts';
import { ageOf } from './human-duration.ts';
import { jsonPath } from './json-path.ts';

export type IncludeObject = 'None' | 'Metadata' | 'Object';

export const nameColumn: PrinterColumn = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name must be unique within a namespace.',
  value: (object) => object.metadata.name,
};

export const ageColumn: PrinterColumn = {
  name: 'Age',
  type: 'string',
  description: 'Time since the object was created.',
  value: (object, nowMs) => ageOf(object.metadata.creationTimestamp, nowMs),
};

/** All columns of a kind: Name comes first unless the kind places it itself; a kind that states none shows Age. */
export function columnsOf(kind: KindDefinition): readonly PrinterColumn[] {
  const own = kind.columns ?? [ageColumn];
  return own.some(({ name }) => name === 'Name') ? own : [nameColumn, ...own];
}

/** Reads the includeObject parameter. */
export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') ?? '';
  if (value === '' || value === 'Metadata') return 'Metadata';
  if (value === 'None' || value === 'Object') return value;
  throw badRequest(`unrecognized includeObject value: ${JSON.stringify(value)}`);
}

export interface TableRequest {
  kind: KindDefinition;
  version: string;
  include: IncludeObject;
}

/** The metadata-only form of an object. */
export function partialMetadata(object: KubeObject, version = 'v1'): Fields {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata };
}

/** A table of the objects. Column definitions may be left out, as watches do after the first event. */
export function renderTable(
  request: TableRequest,
  objects: readonly KubeObject[],
  listMeta: Fields,
  withDefinitions = true,
): Fields {
  const columns = columnsOf(request.kind);
  const nowMs = Date.now();
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${request.version}`,
    metadata: listMeta,
    columnDefinitions: withDefinitions ? columns.map(definition) : null,
    rows: objects.map((object) => ({
      cells: columns.map((column) => cellOf(column, object, nowMs)),
      ...rowObject(request, object),
    })),
  };
}

function rowObject({ include, version }: TableRequest, object: KubeObject): Fields {
  if (include === 'None') return {};
  return { object: include === 'Object' ? object : partialMetadata(object, version) };
}

function definition(column: PrinterColumn): Fields {
  return {
    name: column.name,
    type: column.type,
    format: column.format ?? '',
    description: column.description ?? '',
    priority: column.priority ?? 0,
  };
}

function cellOf(column: PrinterColumn, object: KubeObject, nowMs: number): Cell {
  if (column.value !== undefined) return column.value(object, nowMs);
  const found = column.jsonPath === undefined ? [] : jsonPath(column.jsonPath)(object);
  const first = found[0];
  if (first === undefined || first === null) return null;
  if (column.type === 'date') return ageOf(first, nowMs);
  if (column.type === 'string' && found.length > 1) return found.map(shown).join(',');
  return typeof first === 'object' ? JSON.stringify(first) : (first as Cell);
}

function shown(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
