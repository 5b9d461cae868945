/**
 * Every route of REST: what it is called, takes and gives. The OpenAPI document is made of this table, and a test
 * holds it against the routes that the server really has. A new subject is a file beside this one and a line here.
 */
import { API_KEY_ENDPOINTS } from './api-keys.ts';
import { AUDIT_ENDPOINTS } from './audit.ts';
import { CATALOGUE_ENDPOINTS } from './catalogue.ts';
import type { Endpoint } from './endpoint.ts';
import { HISTORY_ENDPOINTS } from './history.ts';
import { MANIFEST_ENDPOINTS } from './manifests.ts';
import { OPERATION_ENDPOINTS } from './operations.ts';
import { PERFORMANCE_ENDPOINTS } from './performance.ts';
import { PROJECT_ENDPOINTS } from './projects.ts';
import { QUOTA_ENDPOINTS } from './quota.ts';
import { SERVICE_ENDPOINTS } from './service.ts';
import { USAGE_ENDPOINTS } from './usage.ts';
import { USAGE_LEDGER_ENDPOINTS } from './usage-ledger.ts';
import { VM_DISK_ENDPOINTS } from './vm-disks.ts';
import { VM_INSTANCE_ENDPOINTS } from './vm-instances.ts';
import { WATCH_ENDPOINTS } from './watch.ts';
import { WEBHOOK_ENDPOINTS } from './webhooks.ts';

export const ENDPOINTS: readonly Endpoint[] = [
  ...MANIFEST_ENDPOINTS,
  ...VM_INSTANCE_ENDPOINTS,
  ...PERFORMANCE_ENDPOINTS,
  ...VM_DISK_ENDPOINTS,
  ...WATCH_ENDPOINTS,
  ...HISTORY_ENDPOINTS,
  ...OPERATION_ENDPOINTS,
  ...QUOTA_ENDPOINTS,
  ...USAGE_ENDPOINTS,
  ...USAGE_LEDGER_ENDPOINTS,
  ...CATALOGUE_ENDPOINTS,
  ...PROJECT_ENDPOINTS,
  ...API_KEY_ENDPOINTS,
  ...AUDIT_ENDPOINTS,
  ...WEBHOOK_ENDPOINTS,
  ...SERVICE_ENDPOINTS,
];
