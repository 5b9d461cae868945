/**
 * The statements of a migration, in one plain form for rules to look at: without comments, in lower case, single spaces,
 * identifiers without quotes. Texts of more than a word and bodies of functions are left out, so that nothing in them is taken
 * for SQL.
 */
export interface SqlStatement {
  readonly text: string;
  /** The first line of it in the file, from 1. */
  readonly line: number;
}

/** What may stand in SQL where a semicolon or a keyword means nothing. */
const TOKENS = new RegExp(
  [
    '--[^\\n]*', // a comment to the end of the line
    '/\\*[\\s\\S]*?\\*/', // a comment in between
    "'(?:[^']|'')*'", // a text
    '"(?:[^"]|"")*"', // an identifier
    '\\$(?<tag>\\w*)\\$[\\s\\S]*?\\$\\k<tag>\\$', // a body
    ';',
    '[^-/\'"$;]+|[-/$]', // anything else
  ].join('|'),
  'g',
);

export function statementsOf(sql: string): SqlStatement[] {
  const found: SqlStatement[] = [];
  let [text, line] = ['', 1];
  for (const { 0: token, index } of `${sql};`.matchAll(TOKENS)) {
    if (token === ';') {
      if (text.trim() !== '') found.push({ text: text.replace(/\s+/g, ' ').trim().toLowerCase(), line });
      text = '';
      continue;
    }
    const plain = plainOf(token);
    if (text.trim() === '' && plain.trim() !== '') line = lineAt(sql, index + token.search(/\S/));
    text += plain;
  }
  return found;
}

function lineAt(sql: string, offset: number): number {
  return sql.slice(0, offset).split('\n').length;
}

function plainOf(token: string): string {
  if (token.startsWith('--') || token.startsWith('/*')) return ' ';
  if (token.startsWith("'")) return /^'\w*'$/.test(token) ? token : "''";
  if (token.startsWith('$') && token.length > 1) return '$$';
  if (token.startsWith('"')) return token.slice(1, -1);
  return token;
}
