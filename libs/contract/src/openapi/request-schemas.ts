/** The bodies of requests, by the name of the component. These are the schemas that validate. */
import { vmDiskManifestSchema, vmInstanceManifestSchema } from '../manifest/envelope.ts';
import { powerOptionsSchema } from '../requests/power.ts';
import { ackUsageSchema } from '../requests/usage-ledger.ts';
import { createApiKeySchema, createProjectSchema } from '../views/access-view.ts';
import { quotaDocumentSchema } from '../views/quota-view.ts';
import {
  createWebhookSchema,
  redeliverWebhookSchema,
  replayWebhookSchema,
  rotateWebhookSchema,
  updateWebhookSchema,
} from '../views/webhook-view.ts';

export const REQUEST_SCHEMAS = {
  PowerOptions: powerOptionsSchema,
  VMInstanceManifest: vmInstanceManifestSchema,
  VMDiskManifest: vmDiskManifestSchema,
  QuotaDocument: quotaDocumentSchema,
  CreateProject: createProjectSchema,
  CreateApiKey: createApiKeySchema,
  AckUsage: ackUsageSchema,
  CreateWebhook: createWebhookSchema,
  UpdateWebhook: updateWebhookSchema,
  RotateWebhook: rotateWebhookSchema,
  ReplayWebhook: replayWebhookSchema,
  RedeliverWebhook: redeliverWebhookSchema,
} as const;

export type RequestName = keyof typeof REQUEST_SCHEMAS;
