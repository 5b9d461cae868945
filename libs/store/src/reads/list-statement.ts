/**
 * The statement behind a page of resources. Every order ends with the name, so that it is total and a page can go on
 * after the last row of the page before; every order has an index that begins with project and kind (CONSTRAINTS.md).
 * Columns and expressions come from the tables below, never from the caller; values travel as parameters.
 */
import { Fault, type FilterField, type ListOrder } from '@compute/domain';
import type { Statement } from '../connection.ts';
import type { ListQuery } from '../records.ts';
import { RESOURCE_COLUMNS, type ResourceRow, toDate } from '../resource-row.ts';
import { rowsAsOf, walkAsOf } from './as-of.ts';
import { type Conditions, compared, filterConditions, held } from './filter-conditions.ts';
import { labelConditions } from './label-conditions.ts';

const BY_NAME: ListOrder = { field: 'name', descending: false };
const COLUMNS: Readonly<Record<ListOrder['field'], string>> = {
  name: 'name',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
};

/** `limit` rows at most. Throws `InvalidArgument` for an `after` that is not of this order. */
export function listStatement(query: ListQuery, limit: number): { statement: Statement; values: unknown[] } {
  if (query.asOf !== undefined) return statementAsOf({ ...query, asOf: query.asOf }, limit);
  const values: unknown[] = [query.project, query.kind, limit];
  const order = query.order ?? BY_NAME;
  const after = query.after === undefined ? '' : afterCondition(order, query.after, values);
  const own = ownConditions(query, CONDITIONS, values);
  const text = `
select ${RESOURCE_COLUMNS} from resource as listed
where project = $1 and kind = $2 ${after} ${own}
order by ${orderText(order)} limit $3`;
  // Every filter is a text of its own: only the shapes that everybody sends are kept prepared.
  if (own !== '') return { statement: { text }, values };
  const shape = `${order.field}_${order.descending ? 'down' : 'up'}_${after === '' ? 'first' : 'next'}`;
  return { statement: { text, name: `list_resources_${shape}` }, values };
}

/** In the order of names by a walk; for another order everything of that time is read and sorted. */
function statementAsOf(query: ListQuery & { readonly asOf: Date }, limit: number) {
  const values: unknown[] = [query.project, query.kind, limit];
  const asOf = `$${values.push(query.asOf)}::timestamptz`;
  const order = query.order ?? BY_NAME;
  if (order.field === 'name') {
    const after = query.after === undefined ? undefined : `$${values.push(query.after)}`;
    const { begin, rows } = walkAsOf(asOf, { after, descending: order.descending });
    const own = ownConditions(query, CONDITIONS_THEN, values);
    const columns = RESOURCE_COLUMNS.split(',').map((column) => `listed.${column.trim()}`);
    const found = `select ${columns.join(', ')} from ${rows} as listed where listed.created_at <= ${asOf}`;
    return { statement: { text: `${begin}\nselect * from (${found}) as listed where true ${own} limit $3` }, values };
  }
  const after = query.after === undefined ? '' : afterCondition(order, query.after, values);
  const own = ownConditions(query, CONDITIONS_THEN, values);
  const text = `
select ${RESOURCE_COLUMNS} from ${rowsAsOf(asOf)} as listed
where true ${after} ${own}
order by ${orderText(order)} limit $3`;
  return { statement: { text }, values };
}

function ownConditions(query: ListQuery, conditions: Conditions<FilterField>, values: unknown[]): string {
  const filter = filterConditions(query.filter ?? [], conditions, values);
  return `${filter} ${labelConditions(query.labelSelector ?? [], values)}`.trim();
}

/** Where the page after this row begins. */
export function cursorAfter({ field }: ListOrder = BY_NAME, row: ResourceRow): string {
  if (field === 'name') return row.name;
  const at = field === 'createdAt' ? row.created_at : row.updated_at;
  return `${toDate(at).getTime()}.${row.name}`;
}

function orderText({ field, descending }: ListOrder): string {
  const direction = descending ? ' desc' : '';
  const column = COLUMNS[field];
  return field === 'name' ? `name${direction}` : `${column}${direction}, name${direction}`;
}

function afterCondition({ field, descending }: ListOrder, after: string, values: unknown[]): string {
  const sign = descending ? '<' : '>';
  if (field === 'name') return `and name ${sign} $${values.push(after)}`;
  const [, atMs, name] = /^(\d{1,15})\.(.*)$/s.exec(after) ?? [];
  if (atMs === undefined) throw new Fault('InvalidArgument', 'The page token is not one of this order.');
  const at = `$${values.push(new Date(Number(atMs)))}::timestamptz`;
  return `and (${COLUMNS[field]}, name) ${sign} (${at}, $${values.push(name)})`;
}

const CONDITIONS: Conditions<FilterField> = {
  name: compared('name'),
  phase: compared('phase'),
  createdAt: compared('created_at'),
  updatedAt: compared('updated_at'),
  deleting: compared('(deletion_requested_at is not null)'),
  failure: compared("status #>> '{failure,code}'"),
  instanceType: compared("spec ->> 'instanceType'"),
  series: compared("status #>> '{instanceType,series}'"),
  instanceProfile: compared("spec ->> 'instanceProfile'"),
  external: compared("(spec ->> 'external')::boolean"),
  disk: held(
    (p) =>
      `exists (select 1 from disk_attachment a where a.project = $1 and a.disk_name = ${p} and a.vm_uid = listed.uid)`,
  ),
  storageClass: compared("spec ->> 'storageClass'"),
  optical: compared("(spec ->> 'optical')::boolean"),
  source: compared(
    `case when spec -> 'source' ? 'http' then 'http' when spec -> 'source' ? 'image' then 'image'
      when spec -> 'source' ? 'disk' then 'disk' else 'blank' end`,
  ),
  image: compared("spec #>> '{source,image,name}'"),
  attachedTo: held((p) => `(status -> 'attachedTo' ? ${p})`),
};

/** Which disks a machine named then stands in its spec alone, by name or with settings. */
const CONDITIONS_THEN: Conditions<FilterField> = {
  ...CONDITIONS,
  disk: held(
    (p) =>
      `exists (select 1 from jsonb_array_elements(spec -> 'disks') d where coalesce(d ->> 'name', d #>> '{}') = ${p})`,
  ),
};
