/**
 * Splits a request body into documents: JSON, YAML, or many YAML documents in one. Knows on which line a field of a
 * document stands, so that an error in a long file can be found.
 *
 * The text is a stranger's: its size, depth, aliases and number of documents are bounded, and no text makes it throw.
 */
import type { FieldProblem } from '@compute/domain';
import { type Document, isNode, isScalar, LineCounter, parseAllDocuments, stringify } from 'yaml';
import { pathOf } from '../rules/field-problems.ts';
import { isDeeperThan, isPlainObject } from './plain-object.ts';

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
  if (opensTooDeep(text, limits.maxDepth)) return refuse('too_deep', tooDeep(limits));
  try {
    return readYaml(text, limits);
  } catch {
    return refuse('invalid_yaml', 'Nested too deeply, or too many aliases.');
  }
}

function readYaml(text: string, limits: DocumentLimits): Documents {
  const lines = new LineCounter();
  const options = { lineCounter: lines, prettyErrors: false, logLevel: 'silent', uniqueKeys: true } as const;
  const parsed = parseAllDocuments(text, options);
  const documents = Array.isArray(parsed) ? parsed.filter((document) => !isEmpty(document)) : [];
  const errors = (Array.isArray(parsed) ? parsed : []).flatMap((document) => document.errors);
  if (errors.length > 0)
    return { ok: false, problems: errors.slice(0, 20).map((error) => syntaxProblem(error, lines)) };
  if (documents.length === 0) return refuse('required', 'The body holds no document.');
  if (documents.length > limits.maxDocuments)
    return refuse('too_many', `At most ${limits.maxDocuments} documents, these are ${documents.length}.`);
  const values = documents.map((document) => document.toJS({ maxAliasCount: limits.maxAliases }) as unknown);
  if (values.some((value) => isDeeperThan(value, limits.maxDepth))) return refuse('too_deep', tooDeep(limits));
  return {
    ok: true,
    documents: documents.map((document, index) => ({ value: values[index], lineOf: lineFinder(document, lines) })),
  };
}

function syntaxProblem(
  error: { readonly pos: readonly [number, number]; readonly code: string; readonly message: string },
  lines: LineCounter,
): FieldProblem {
  const { line, col } = lines.linePos(error.pos[0]);
  return {
    pointer: '',
    code: 'invalid_yaml',
    message: `Line ${line}, column ${col}: ${YAML_FAULTS[error.code] ?? 'not valid YAML'}.`,
  };
}

/** Nothing between two separators, or only comments. */
function isEmpty({ contents }: Document.Parsed): boolean {
  return contents === null || (isScalar(contents) && contents.value === null);
}

/** The parser's own sentences repeat the text, which may hold secrets. */
const YAML_FAULTS: Readonly<Record<string, string>> = {
  BAD_INDENT: 'wrong indentation',
  DUPLICATE_KEY: 'the same key twice',
  TAB_AS_INDENT: 'a tab cannot indent',
  MISSING_CHAR: 'a character such as a quote or a bracket is missing',
  BAD_ALIAS: 'an alias without anchor',
  MULTILINE_IMPLICIT_KEY: 'a key cannot span lines',
  BLOCK_AS_IMPLICIT_KEY: 'a nested value must start on a line of its own',
  UNEXPECTED_TOKEN: 'something that does not belong here',
};

/** Brackets that open deeper than any manifest would make the parser recurse; cheaper to see before. */
function opensTooDeep(text: string, maxDepth: number): boolean {
  let depth = 0;
  for (const char of text) {
    if (char === '[' || char === '{') depth += 1;
    else if (char === ']' || char === '}') depth = Math.max(0, depth - 1);
    else if (char === '\n') depth = Math.min(depth, maxDepth);
    if (depth > maxDepth * 8) return true;
  }
  return false;
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
  if (isDeeperThan(body, limits.maxDepth)) return refuse('too_deep', tooDeep(limits));
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
const tooDeep = (limits: DocumentLimits): string => `Nested deeper than ${limits.maxDepth} levels.`;

/** Data as one YAML document, for callers that ask for YAML. */
export function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}
