/** Filters as SQL. What stands on the left comes from a table of the store, what stands on the right is a parameter. */
import type { FilterTerm } from '@compute/domain';

export type Condition = (term: FilterTerm<string>, parameter: string) => string;
export type Conditions<Field extends string> = Readonly<Record<Field, Condition>>;

/** Compares an expression; what has no value differs from every value. */
export const compared =
  (expression: string): Condition =>
  ({ comparison }, parameter) =>
    comparison === '!=' ? `${expression} is distinct from ${parameter}` : `${expression} ${comparison} ${parameter}`;

/** Holds or does not: the expression says so for `=`. */
export const held =
  (expression: (parameter: string) => string): Condition =>
  ({ comparison }, parameter) =>
    comparison === '!=' ? `not ${expression(parameter)}` : expression(parameter);

/** Conditions that begin with `and`; appends their parameters to `values`. */
export function filterConditions<Field extends string>(
  terms: readonly FilterTerm<Field>[],
  conditions: Conditions<Field>,
  values: unknown[],
): string {
  return terms
    .map((term) => `and (${conditions[term.field](term, `$${values.push(term.value)}${castOf(term.value)}`)})`)
    .join(' ');
}

function castOf(value: FilterTerm['value']): string {
  if (value instanceof Date) return '::timestamptz';
  return typeof value === 'boolean' ? '::boolean' : '::text';
}
