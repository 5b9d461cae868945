/**
 * Reads YAML that a stranger wrote, in time and memory that grow with its size and no faster: nesting is bounded while
 * the text is read, before anything recurses over it, and doubled keys are found by a set instead of by comparing all
 * pairs. No message repeats any of the text, which may hold secrets.
 */
import { Composer, type Document, isScalar, Lexer, LineCounter, Parser, visit, type YAMLMap } from 'yaml';

/** A parser's stack has a few entries for each level of nesting. */
const STACK_PER_LEVEL = 3;

export interface YamlFault {
  readonly line: number;
  readonly column: number;
  /** Completes the sentence "Line 3: …". */
  readonly what: string;
}

export interface YamlText {
  readonly documents: readonly Document.Parsed[];
  readonly lines: LineCounter;
  readonly faults: readonly YamlFault[];
}

const MAX_FAULTS = 20;

class TooDeep extends Error {}

/** All documents of a text. Never throws; text that nests too deeply is a fault. */
export function readYaml(text: string, maxDepth: number, maxDocuments: number): YamlText {
  const lines = new LineCounter();
  const composer = new Composer({ uniqueKeys: false, prettyErrors: false, logLevel: 'silent' });
  const documents: Document.Parsed[] = [];
  const at = (offset: number, what: string): YamlFault => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col, what };
  };
  try {
    for (const document of composer.compose(tokensOf(text, lines, maxDepth))) {
      documents.push(document);
      if (documents.length > maxDocuments * 2) break;
    }
  } catch {
    // Too deep for us, or for the recursion of the parser.
    return { documents: [], lines, faults: [{ line: 1, column: 1, what: 'nested too deeply' }] };
  }
  const syntax = documents.flatMap(({ errors }) =>
    errors.map(({ pos, code }) => at(pos[0], FAULTS[code] ?? 'not valid YAML')),
  );
  const doubled =
    syntax.length > 0 ? [] : documents.flatMap(doubledKeys).map((offset) => at(offset, 'the same key twice'));
  return { documents, lines, faults: [...syntax, ...doubled].slice(0, MAX_FAULTS) };
}

function* tokensOf(text: string, lines: LineCounter, maxDepth: number) {
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  for (const lexeme of new Lexer().lex(text)) {
    if (parser.stack.length > maxDepth * STACK_PER_LEVEL) throw new TooDeep();
    yield* parser.next(lexeme);
  }
  yield* parser.end();
}

const FAULTS: Readonly<Record<string, string>> = {
  BAD_INDENT: 'wrong indentation',
  TAB_AS_INDENT: 'a tab cannot indent',
  MISSING_CHAR: 'a character such as a quote or a bracket is missing',
  BAD_ALIAS: 'an alias without anchor',
  MULTILINE_IMPLICIT_KEY: 'a key cannot span lines',
  BLOCK_AS_IMPLICIT_KEY: 'a nested value must start on a line of its own',
  UNEXPECTED_TOKEN: 'something that does not belong here',
};

/** Offsets of the keys that a mapping has already. */
function doubledKeys(document: Document.Parsed): number[] {
  const offsets: number[] = [];
  visit(document, { Map: (_key, map) => void offsets.push(...doubledIn(map)) });
  return offsets;
}

function doubledIn(map: YAMLMap): number[] {
  const seen = new Set<unknown>();
  return map.items.flatMap(({ key }) => {
    if (!isScalar(key)) return [];
    if (!seen.has(key.value)) {
      seen.add(key.value);
      return [];
    }
    return [key.range?.[0] ?? 0];
  });
}
