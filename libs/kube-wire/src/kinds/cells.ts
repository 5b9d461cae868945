/** Cells and columns that many kinds share, worded as kubectl shows them on a cluster. */
import { ageColumn, nameColumn } from '../http/table.ts';
import type { Cell, PrinterColumn } from '../protocol/kind.ts';
import type { KubeObject } from '../protocol/kube-object.ts';
import { isFields, listOf, readPath } from '../protocol/kube-object.ts';

export { ageColumn, nameColumn };

/** A text column computed from the object. */
export function column(name: string, value: (object: KubeObject, nowMs: number) => Cell, priority = 0): PrinterColumn {
  return { name, type: 'string', value, priority };
}

/** A column read by JSONPath, as custom resource definitions state them. */
export function pathColumn(
  name: string,
  jsonPath: string,
  description = '',
  type: PrinterColumn['type'] = 'string',
  priority = 0,
): PrinterColumn {
  return { name, type, jsonPath, description, priority };
}

/** The Age column of custom resources; it stands where the definition puts it. */
export const createdColumn = pathColumn('Age', '.metadata.creationTimestamp', '', 'date');

/** The text at a path, or `<none>`. */
export function textAt(object: KubeObject, path: string, otherwise = '<none>'): string {
  const value = readPath(object, path);
  return value === undefined || value === null || value === '' ? otherwise : String(value);
}

export function count(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return isFields(value) ? Object.keys(value).length : 0;
}

const accessModeNames: Record<string, string> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
};

/** `RWO,RWX` */
export function accessModes(value: unknown): string {
  return [...new Set(listOf(value).map((mode) => accessModeNames[String(mode)] ?? String(mode)))].join(',');
}

/** `a=b,c=d`, or `<none>`. */
export function labelsText(value: unknown): string {
  const pairs = isFields(value) ? Object.entries(value).map(([key, text]) => `${key}=${String(text)}`) : [];
  return pairs.length === 0 ? '<none>' : pairs.sort().join(',');
}
