/** The order of a list: `createdAt desc`. One field from an allow-list, `asc` unless `desc` is said (AIP-132). */
import { type FieldProblem, LIST_ORDERS, type ListOrder } from '@compute/domain';

export const BY_NAME: ListOrder = { field: 'name', descending: false };

/** The order, or what is wrong with the text. Empty: by name. */
export function parseOrderBy(text: string, pointer = '/orderBy'): ListOrder | FieldProblem {
  const trimmed = text.trim();
  if (trimmed === '') return BY_NAME;
  const [, path = '', direction = 'asc'] = /^([\w.]+)(?:\s+(asc|desc))?$/.exec(trimmed) ?? [];
  const field = LIST_ORDERS.find((known) => known === path.split('.').at(-1));
  if (field) return { field, descending: direction === 'desc' };
  const message = `Order by one of ${LIST_ORDERS.join(', ')}, with or without ' desc'.`;
  return { pointer, code: 'invalid_order', message };
}
