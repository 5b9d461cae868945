/** What a caller says about a list of resources, read at once: one fault names everything that is wrong with it. */
import {
  DISK_PHASES,
  Fault,
  FILTER_FIELDS,
  type FieldProblem,
  type FilterField,
  type FilterTerm,
  isFault,
  KINDS,
  type Kind,
  type ListOrder,
  OPERATION_VERBS,
  type OperationFilterField,
  VM_PHASES,
} from '@compute/domain';
import { type LabelSelector, parseLabelSelector } from '../rules/label-selector.ts';
import { faultOf } from '../rules/verdict-fault.ts';
import { type FilterRule, type FilterRules, parseFilter } from './filter.ts';
import { parseOrderBy } from './order-by.ts';
import { parseFields } from './sparse-fields.ts';

export interface ListText {
  readonly labelSelector?: string;
  readonly filter?: string;
  readonly orderBy?: string;
  /** Paths of the view, separated by commas. The face picks them; here they are only judged. */
  readonly fields?: string;
  /** What a face has found by itself, to be named together with the rest. */
  readonly problems?: readonly FieldProblem[];
}

export interface ListTerms {
  readonly labelSelector: LabelSelector;
  readonly filter: readonly FilterTerm[];
  readonly order: ListOrder;
}

const SOURCES = ['http', 'image', 'disk', 'blank'];
const PHASES: { readonly [K in Kind]: readonly string[] } = { VMInstance: VM_PHASES, VMDisk: DISK_PHASES };

/** What the resources of a kind can be filtered by. */
export const LIST_FILTERS: { readonly [K in Kind]: FilterRules<FilterField> } = {
  VMInstance: rulesOf('VMInstance'),
  VMDisk: rulesOf('VMDisk'),
};

function rulesOf(kind: Kind): FilterRules<FilterField> {
  const rules = Object.entries(FILTER_FIELDS[kind]).map(([field, type]): [string, FilterRule] => {
    if (type === 'phase') return [field, { type: 'text', values: PHASES[kind] }];
    return [field, field === 'source' ? { type, values: SOURCES } : { type }];
  });
  return Object.fromEntries(rules);
}

/** Throws one `InvalidArgument` with every problem of every part. */
export function listTerms(
  kind: Kind,
  { labelSelector = '', filter = '', orderBy = '', fields = '', problems: found = [] }: ListText,
): ListTerms {
  const labels = selectorOf(labelSelector);
  const conditions = parseFilter(filter, LIST_FILTERS[kind]);
  const order = parseOrderBy(orderBy);
  const problems: FieldProblem[] = [
    ...labels.problems,
    ...conditions.problems,
    ...('message' in order ? [order] : []),
    ...parseFields(kind, fields).problems,
    ...found,
  ];
  if (problems.length > 0) throw faultOf(problems, 'The query');
  return { labelSelector: labels.selector, filter: conditions.terms, order: order as ListOrder };
}

function selectorOf(text: string): { selector: LabelSelector; problems: readonly FieldProblem[] } {
  try {
    return { selector: parseLabelSelector(text), problems: [] };
  } catch (error) {
    if (!(error instanceof Fault) || !isFault(error, 'InvalidArgument')) throw error;
    return { selector: [], problems: error.details.fields ?? [] };
  }
}

const OPERATION_RULES: FilterRules<OperationFilterField> = {
  kind: { type: 'text', values: KINDS },
  name: { type: 'text' },
  verb: { type: 'text', values: OPERATION_VERBS },
  done: { type: 'flag' },
  failed: { type: 'flag' },
  createdAt: { type: 'time' },
};

/** The conditions of a list of operations. Throws one `InvalidArgument` with every problem. */
export function operationTerms({ filter = '', fields = '' }: Pick<ListText, 'filter' | 'fields'>) {
  const { terms, problems } = parseFilter(filter, OPERATION_RULES);
  const all = [...problems, ...parseFields('Operation', fields).problems];
  if (all.length > 0) throw faultOf(all, 'The query');
  return terms;
}
