/**
 * Splits a request body into documents: JSON, YAML, or many YAML documents in one. Knows on which line a field of a
 * document stands, so that an error in a long file can be found.
 *
 * The text is a stranger's: its size, depth, aliases and number of documents are bounded, and no text makes it throw.
 */
import type { FieldProblem } from '@compute/domain';
import { type Document, isNode, isScalar, type LineCounter, stringify } from 'yaml';
import { pathOf } from '../rules/field-problems.ts';
import { isPlainObject, shapeProblem } from './plain-object.ts';
import { readYaml, type YamlFault } from './yaml-text.ts';

export interface DocumentLimits {
  readonly maxBytes: number;
  readonly maxDocuments: number;
  readonly maxDepth: number;
  readonly maxAliases: number;
}

export const DOCUMENT_LIMITS: DocumentLimits = {
  maxBytes: 4 * 1024 * 1024,
  maxDocuments: 500,
  maxDepth: 32,
  maxAliases: 100,
};

export interface ParsedDocument {
  readonly value: unknown;
  /** The line on which the field at a JSON pointer, or its nearest parent, begins; undefined for JSON. */
  readonly lineOf: (pointer: string) => number | undefined;
}

export type Documents =
  | { readonly ok: true; readonly documents: readonly ParsedDocument[] }
  | { readonly ok: false; readonly problems: readonly FieldProblem[] };

/** Reads YAML (which JSON is a part of). Empty documents, such as before a leading `---`, are left out. Never throws. */
export function parseYamlDocuments(text: string, limits: DocumentLimits = DOCUMENT_LIMITS): Documents {
  if (Buffer.byteLength(text) > limits.maxBytes) return refuse('too_large', `At most ${limits.maxBytes} bytes.`);
  const { documents: all, lines, faults } = readYaml(text, limits.maxDepth, limits.maxDocuments);
  if (faults.length > 0) return { ok: false, problems: faults.map(faultProblem) };
  const documents = all.filter((document) => !isEmpty(document));
  if (documents.length === 0) return refuse('required', 'The body holds no document.');
  if (documents.length > limits.maxDocuments)
    return refuse('too_many', `At most ${limits.maxDocuments} documents, these are more.`);
  const values = plainValues(documents, limits);
  if (!values) return refuse('invalid_yaml', 'Too many aliases.');
  const problem = values.map((value) => shapeProblem(value, limits.maxDepth)).find((found) => found !== undefined);
  if (problem) return { ok: false, problems: [problem] };
  return {
    ok: true,
    documents: documents.map((document, index) => ({ value: values[index], lineOf: lineFinder(document, lines) })),
  };
}

function faultProblem({ line, column, what }: YamlFault): FieldProblem {
  return { pointer: '', code: 'invalid_yaml', message: `Line ${line}, column ${column}: ${what}.` };
}

/** Undefined when aliases would make the data larger than it may be. */
function plainValues(documents: readonly Document.Parsed[], { maxAliases }: DocumentLimits): unknown[] | undefined {
  try {
    return documents.map((document) => document.toJS({ maxAliasCount: maxAliases }) as unknown);
  } catch {
    return undefined;
  }
}

/** Nothing between two separators, or only comments. */
function isEmpty({ contents }: Document.Parsed): boolean {
  return contents === null || (isScalar(contents) && contents.value === null);
}

function lineFinder(document: Document.Parsed, lines: LineCounter): (pointer: string) => number | undefined {
  return (pointer) => {
    const path: (string | number)[] = pathOf(pointer).map((key) => (/^\d+$/.test(key) ? Number(key) : key));
    for (let length = path.length; length >= 0; length -= 1) {
      const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return undefined;
  };
}

/** Documents of a body that has been parsed as JSON: one manifest, an array of them, or a `List`. */
export function jsonDocuments(body: unknown, limits: DocumentLimits = DOCUMENT_LIMITS): Documents {
  const problem = shapeProblem(body, limits.maxDepth);
  if (problem) return { ok: false, problems: [problem] };
  const values = Array.isArray(body) ? body : [body];
  return expandLists({ ok: true, documents: values.map((value) => ({ value, lineOf: () => undefined })) }, limits);
}

/** Replaces each `kind: List` by its items, as kubectl does. */
export function expandLists(documents: Documents, limits: DocumentLimits = DOCUMENT_LIMITS): Documents {
  if (!documents.ok) return documents;
  const expanded = documents.documents.flatMap((document) => {
    const { value, lineOf } = document;
    if (!isPlainObject(value) || value.kind !== 'List' || !Array.isArray(value.items)) return [document];
    return value.items.map((item: unknown, index) => ({
      value: item,
      lineOf: (pointer: string) => lineOf(`/items/${index}${pointer}`),
    }));
  });
  if (expanded.length === 0) return refuse('required', 'The body holds no document.');
  if (expanded.length > limits.maxDocuments)
    return refuse('too_many', `At most ${limits.maxDocuments} documents, these are ${expanded.length}.`);
  return { ok: true, documents: expanded };
}

const refuse = (code: string, message: string): Documents => ({
  ok: false,
  problems: [{ pointer: '', code, message }],
});
/** Data as one YAML document, for callers that ask for YAML. */
export function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}
