/**
 * Sparse fields: `fields=metadata.name,status.phase` gives these paths of a view and nothing else. The schema of the
 * view is the allow-list, so a field that is shown can be asked for and one that is not is refused by name.
 */
import type { FieldProblem } from '@compute/domain';
import { z } from 'zod';
import { VIEW_SCHEMAS, type ViewName } from '../openapi/view-schemas.ts';
import { nearest } from '../rules/nearest.ts';

export type SparsePath = readonly string[];

export interface ParsedFields {
  /** Empty: everything. */
  readonly paths: readonly SparsePath[];
  readonly problems: readonly FieldProblem[];
}

/** Reads a comma-separated text; each unknown path is a problem of its own, with its place in the list. */
export function parseFields(view: ViewName, text: string, pointer = '/fields'): ParsedFields {
  if (text.trim() === '') return { paths: [], problems: [] };
  const paths = text.split(',').map((path) => path.trim().split('.'));
  const problems = paths.flatMap((path, index) => problemOf(VIEW_SCHEMAS[view], path, `${pointer}/${index}`));
  return { paths, problems };
}

function problemOf(schema: z.ZodType, path: SparsePath, pointer: string): FieldProblem[] {
  let known: readonly z.ZodType[] = [schema];
  for (const key of path) {
    const shapes = known.flatMap(shapesOf);
    const next = shapes.flatMap((shape) => (Object.hasOwn(shape, key) ? [shape[key] as z.ZodType] : []));
    if (next.length === 0) return [unknownField(path, key, shapes.flatMap(Object.keys), pointer)];
    known = next;
  }
  return [];
}

function unknownField(path: SparsePath, key: string, known: readonly string[], pointer: string): FieldProblem {
  const near = nearest(key, known);
  const guess = near === undefined ? '' : ` Is '${near}' meant?`;
  return { pointer, code: 'unknown_field', message: `There is no field '${path.join('.').slice(0, 120)}'.${guess}` };
}

/** The objects that a schema may describe, through lists, defaults and alternatives. */
function shapesOf(schema: z.ZodType): Readonly<Record<string, unknown>>[] {
  if (schema instanceof z.ZodObject) return [schema.shape];
  if (schema instanceof z.ZodArray) return shapesOf(schema.element as z.ZodType);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => shapesOf(option as z.ZodType));
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return shapesOf(schema.unwrap() as z.ZodType);
  return [];
}

/** The paths of an object alone; what is absent stays absent. No paths: the object itself. */
export function sparse(value: object, paths: readonly SparsePath[]): object {
  if (paths.length === 0) return value;
  return picked(value, paths) as object;
}

function picked(value: unknown, paths: readonly SparsePath[]): unknown {
  if (paths.some((path) => path.length === 0) || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((entry) => picked(entry, paths));
  const wanted = Map.groupBy(paths, ([key]) => key);
  const entries = Object.entries(value).flatMap(([key, entry]) => {
    const below = wanted.get(key);
    return below === undefined
      ? []
      : [
          [
            key,
            picked(
              entry,
              below.map((path) => path.slice(1)),
            ),
          ],
        ];
  });
  return Object.fromEntries(entries);
}
