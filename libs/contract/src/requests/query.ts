/** Query parameters: text in, values out, every fault at once, unknown parameters refused. */
import { z } from 'zod';
import { fieldProblems } from '../rules/field-problems.ts';
import { faultOf } from '../rules/verdict-fault.ts';

export const DEFAULT_PAGE_SIZE = 50;
export const MAX_PAGE_SIZE = 1000;
/** The longest that a caller can wait for an operation in one request. */
export const MAX_WAIT_SECONDS = 120;

/** A page size is never refused for being large: it is clamped. */
const pageSize = z.coerce
  .number()
  .int()
  .min(0)
  .transform((size) => (size === 0 ? DEFAULT_PAGE_SIZE : Math.min(size, MAX_PAGE_SIZE)))
  .default(DEFAULT_PAGE_SIZE);
const flag = z
  .enum(['true', 'false', ''])
  .default('false')
  .transform((text) => text !== 'false');
const time = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .optional();
const text = z.string().max(2048);
const csv = text.default('').transform((list) => (list === '' ? [] : list.split(',')));
const kind = z.enum(['VMInstance', 'VMDisk']);

export const listQuerySchema = z.strictObject({
  pageSize,
  pageToken: text.default(''),
  labelSelector: text.default(''),
  filter: text.default(''),
  orderBy: text.default(''),
  fields: text.default(''),
  asOf: time,
});
/** A read of one thing, or of as much of it as is asked for. */
export const readQuerySchema = z.strictObject({ fields: text.default(''), asOf: time });
export const writeQuerySchema = z.strictObject({ dryRun: flag });
export const deleteQuerySchema = z.strictObject({ dryRun: flag, withDisks: flag });
export const manifestsQuerySchema = z.strictObject({ dryRun: flag, partial: flag });
export const watchQuerySchema = z.strictObject({
  kinds: csv.pipe(z.array(kind)),
  labelSelector: text.default(''),
  resumeToken: text.default(''),
});
export const historyQuerySchema = z.strictObject({
  kind: kind.optional(),
  name: text.optional(),
  uid: z.uuid().optional(),
  type: text.optional(),
  from: time,
  to: time,
  orderBy: z.enum(['at', 'at desc']).default('at desc'),
  pageSize,
  pageToken: text.default(''),
});
export const availabilityQuerySchema = z.strictObject({
  kind: kind.optional(),
  name: text.optional(),
  uid: z.uuid().optional(),
  from: time,
  to: time,
  pageSize,
  pageToken: text.default(''),
});
const quotaScope = z
  .string()
  .regex(/^(external|(series|class):[A-Za-z0-9-]{1,63})$/, 'series:<name>, class:<name> or external.')
  .optional();
const quotaMetric = z.enum(['instances', 'vcpus', 'memoryGib', 'disks', 'storageGib', 'externalIps']).optional();
export const quotaClaimsQuerySchema = z.strictObject({
  scope: quotaScope,
  metric: quotaMetric,
  pageSize,
  pageToken: text.default(''),
});
export const quotaHistoryQuerySchema = z.strictObject({
  scope: quotaScope,
  metric: quotaMetric,
  type: z.enum(['LimitChanged', 'ThresholdReached']).optional(),
  from: time,
  to: time,
  pageSize,
  pageToken: text.default(''),
});
export const operationQuerySchema = z.strictObject({
  wait: z
    .string()
    .regex(/^\d{1,4}s?$/, 'A number of seconds such as 30s.')
    .default('0s')
    .transform((wait) => Math.min(Number.parseInt(wait, 10), MAX_WAIT_SECONDS)),
});
export const operationsQuerySchema = z.strictObject({
  project: text.optional(),
  uid: z.uuid().optional(),
  filter: text.default(''),
  fields: text.default(''),
  pageSize,
  pageToken: text.default(''),
});
export const usageEventsQuerySchema = z.strictObject({
  after: text.default(''),
  consumer: text.optional().meta({
    description:
      'A named reader: without `after`, the feed goes on at its place, which only its acknowledgements move. A name that never acknowledged begins at the first event.',
  }),
  limit: pageSize,
  project: text.optional(),
  meter: z.enum(['vm.allocated', 'vm.running', 'disk.allocated', 'ip.held']).optional(),
});
export const usageSummaryQuerySchema = z.strictObject({
  from: time,
  to: time,
  groupBy: csv.pipe(z.array(z.enum(['resource', 'hour', 'day']))),
});
const STEP_UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export const performanceQuerySchema = z.strictObject({
  from: time,
  to: time,
  step: z
    .string()
    .regex(/^[1-9]\d{0,6}[smhd]$/, 'A length of time such as 60s, 5m, 1h or 1d.')
    .transform((step) => Number.parseInt(step, 10) * (STEP_UNITS_MS[step.slice(-1)] ?? 0))
    .optional(),
});
/** The catalogue is short: a page holds all of it unless another size is asked for. */
export const catalogueQuerySchema = z.strictObject({
  pageSize: pageSize.default(MAX_PAGE_SIZE),
  pageToken: text.default(''),
  fields: text.default(''),
});
export const pageQuerySchema = z.strictObject({ pageSize, pageToken: text.default('') });
export const apiKeysQuerySchema = z.strictObject({ project: text.optional(), pageSize, pageToken: text.default('') });
export const auditQuerySchema = z.strictObject({
  actor: text.optional(),
  kind: text.optional(),
  name: text.optional(),
  uid: z.uuid().optional(),
  verb: text.optional(),
  from: time,
  to: time,
  pageSize,
  pageToken: text.default(''),
});

/** Parses a query; throws one fault with all problems. */
export function parseQuery<S extends z.ZodType>(schema: S, query: unknown): z.infer<S> {
  return parseWith(schema, query, 'The query');
}

/** Parses a body; throws one fault with all problems. */
export function parseBody<S extends z.ZodType>(schema: S, body: unknown): z.infer<S> {
  return parseWith(schema, body, 'The body');
}

function parseWith<S extends z.ZodType>(schema: S, input: unknown, what: string): z.infer<S> {
  const parsed = schema.safeParse(input ?? {});
  if (parsed.success) return parsed.data;
  throw faultOf(fieldProblems(parsed.error.issues), what);
}
