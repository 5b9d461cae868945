/** What is asked of the ledger of usage: exports, checkpoints, and the places of named readers. */
import { z } from 'zod';
import { MAX_PAGE_SIZE } from './query.ts';

const time = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .optional();
const text = z.string().max(2048);

/** What is left out reaches from the first period to the last that is closed. */
export const usageSpanQuerySchema = z.strictObject({ from: time, to: time });
export const usageExportQuerySchema = z.strictObject({
  from: time,
  to: time,
  format: z.enum(['ndjson', 'csv']).default('ndjson'),
});
export const usageCheckpointsQuerySchema = z.strictObject({
  pageSize: z.coerce.number().int().min(1).max(MAX_PAGE_SIZE).default(50),
  pageToken: text.default(''),
});
export const usageConsumerQuerySchema = z.strictObject({ project: text.optional() });

/** Where a named reader of the feed is. */
export const ackUsageSchema = z.strictObject({
  cursor: text.meta({ description: '`nextCursor` of the page whose events were taken.' }),
  rewind: z.boolean().default(false).meta({
    description: 'Goes back when the cursor lies before the present place; without it such a cursor changes nothing.',
  }),
});
