/**
 * The filter of a list: `phase=Running AND instanceType="u1.medium" AND createdAt>2026-11-01T00:00:00Z`, a small part
 * of AIP-160. Conditions joined by AND, a field from an allow-list, one comparison, a word or a text in quotes.
 */
import { COMPARISONS, type Comparison, type FieldProblem, type FilterTerm } from '@compute/domain';
import { nearest } from '../rules/nearest.ts';

/** What a filter may say of one field. */
export interface FilterRule {
  readonly type: 'text' | 'time' | 'flag';
  /** The only values there are. */
  readonly values?: readonly string[];
}

export type FilterRules<Field extends string> = Readonly<Partial<Record<Field, FilterRule>>>;

export interface ParsedFilter<Field extends string> {
  readonly terms: readonly FilterTerm<Field>[];
  readonly problems: readonly FieldProblem[];
}

const MAX_TERMS = 20;
const CONDITION = /^([A-Za-z][\w.]*)\s*(==|!=|<=|>=|=|<|>)\s*(?:"((?:[^"\\]|\\.)*)"|([^\s"()]+))$/;
const SEPARATOR = /\s+AND\s+(?=(?:[^"]*"[^"]*")*[^"]*$)/;

/** Every problem at once, all with the pointer. An empty text lets everything pass. */
export function parseFilter<Field extends string>(
  text: string,
  rules: FilterRules<Field>,
  pointer = '/filter',
): ParsedFilter<Field> {
  if (text.trim() === '') return { terms: [], problems: [] };
  const conditions = text.trim().split(SEPARATOR);
  if (conditions.length > MAX_TERMS)
    return { terms: [], problems: [problem(pointer, `At most ${MAX_TERMS} conditions.`)] };
  const results = conditions.map((condition) => termOf(condition.trim(), rules, pointer));
  return {
    terms: results.flatMap((result) => ('field' in result ? [result] : [])),
    problems: results.flatMap((result) => ('message' in result ? [result] : [])),
  };
}

function termOf<Field extends string>(
  condition: string,
  rules: FilterRules<Field>,
  pointer: string,
): FilterTerm<Field> | FieldProblem {
  const match = CONDITION.exec(condition);
  if (!match) {
    const form = "A condition is <field> <comparison> <value>, such as phase=Running; several are joined by ' AND '.";
    return problem(pointer, `'${condition.slice(0, 60)}' is no condition. ${form}`);
  }
  const [, path = '', sign = '', quoted, word = ''] = match;
  const field = (path.split('.').at(-1) ?? '') as Field;
  const rule = Object.hasOwn(rules, field) ? rules[field] : undefined;
  if (!rule) return problem(pointer, unknownField(path, Object.keys(rules)));
  const comparison = (sign === '==' ? '=' : sign) as Comparison;
  const value = termValue(quoted === undefined ? word : quoted.replace(/\\(.)/g, '$1'), rule);
  if (value === undefined) return problem(pointer, `'${field}' ${EXPECTED[rule.type](rule)}.`);
  const allowed: readonly string[] = rule.type === 'time' ? COMPARISONS : EQUALITY;
  if (!allowed.includes(comparison))
    return problem(pointer, `'${field}' can be compared by ${allowed.join(', ')} only.`);
  return { field, comparison, value };
}

const EQUALITY: readonly Comparison[] = ['=', '!='];

function termValue(text: string, { type, values }: FilterRule): FilterTerm['value'] | undefined {
  if (type === 'flag') return text === 'true' ? true : text === 'false' ? false : undefined;
  if (type === 'text') return values === undefined || values.includes(text) ? text : undefined;
  const isTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  return isTime && !Number.isNaN(Date.parse(text)) ? new Date(text) : undefined;
}

const EXPECTED: Readonly<Record<FilterRule['type'], (rule: FilterRule) => string>> = {
  text: ({ values = [] }) => `is one of ${values.join(', ')}`,
  flag: () => 'is true or false',
  time: () => 'is a time such as 2026-11-01T00:00:00Z, or a day such as 2026-11-01',
};

function unknownField(path: string, known: readonly string[]): string {
  const near = nearest(path, known);
  const guess = near === undefined ? '' : ` Is '${near}' meant?`;
  return `There is no filter '${path.slice(0, 60)}'.${guess} There are: ${known.join(', ')}.`;
}

const problem = (pointer: string, message: string): FieldProblem => ({ pointer, code: 'invalid_filter', message });
