/**
 * What a list of resources can be ordered and filtered by: closed lists, so that every order has its index and every
 * filter its column. The contract reads a caller's text against them, the store has a statement for each.
 */
import type { Kind } from './resource.ts';

export const LIST_ORDERS = ['name', 'createdAt', 'updatedAt'] as const;
export type ListOrderField = (typeof LIST_ORDERS)[number];

export interface ListOrder {
  readonly field: ListOrderField;
  readonly descending: boolean;
}

/** `flag` is true or false; `time` can be compared; `phase` is a phase of the kind; the rest is text. */
export type FilterType = 'text' | 'time' | 'flag' | 'phase';

export type FilterField =
  | 'name'
  | 'phase'
  | 'createdAt'
  | 'updatedAt'
  | 'deleting'
  | 'failure'
  | 'instanceType'
  | 'series'
  | 'instanceProfile'
  | 'external'
  | 'disk'
  | 'storageClass'
  | 'optical'
  | 'source'
  | 'image'
  | 'attachedTo';

export type FilterFields = Readonly<Partial<Record<FilterField, FilterType>>>;

const OF_ALL: FilterFields = {
  name: 'text',
  phase: 'phase',
  createdAt: 'time',
  updatedAt: 'time',
  deleting: 'flag',
  failure: 'text',
};

/** By which fields the resources of a kind can be told apart. */
export const FILTER_FIELDS: { readonly [K in Kind]: FilterFields } = {
  VMInstance: {
    ...OF_ALL,
    instanceType: 'text',
    series: 'text',
    instanceProfile: 'text',
    external: 'flag',
    disk: 'text',
  },
  VMDisk: { ...OF_ALL, storageClass: 'text', optical: 'flag', source: 'text', image: 'text', attachedTo: 'text' },
};

export const COMPARISONS = ['=', '!=', '<', '<=', '>', '>='] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** One condition; those of a filter all hold. */
export interface FilterTerm<Field extends string = FilterField> {
  readonly field: Field;
  readonly comparison: Comparison;
  readonly value: string | boolean | Date;
}
