/** Webhooks over gRPC. Nothing here decides anything. */
import type { WebhookDeliveryRecord, WebhookRecord } from '@compute/domain';
import type { Webhook, WebhookServiceServer, WebhookWithSecret as WithSecret } from '@compute/proto';
import type { WebhookWithSecret } from '@compute/store';
import type { ApiParts } from '../application/api-parts.ts';
import type { Calls } from './calls.ts';
import { given } from './request-fields.ts';
import { pageSizeOf } from './resource-methods.ts';

export function webhookMethods(calls: Calls, { webhooks }: ApiParts): Omit<WebhookServiceServer, symbol> {
  return {
    createWebhook: calls.unary(
      'CreateWebhook',
      async (call, { project, url, eventTypes, description, validateOnly }) => {
        const wanted = { url, description, ...(project === '' ? {} : { project }), ...typesIn(eventTypes) };
        return withSecret(await webhooks.create(call, wanted, validateOnly));
      },
    ),
    getWebhook: calls.unary('GetWebhook', async (call, { id }) => webhookMessage(await webhooks.get(call, id))),
    listWebhooks: calls.unary('ListWebhooks', async (call, { project, pageSize, pageToken }) => {
      const asked = { project: given(project), pageSize: pageSizeOf(pageSize), pageToken };
      const page = await webhooks.list(call, asked);
      return { webhooks: page.items.map(webhookMessage), nextPageToken: page.next ?? '' };
    }),
    updateWebhook: calls.unary('UpdateWebhook', async (call, request) => {
      const { id, url, eventTypes, description, enabled, validateOnly } = request;
      const patch = { url, description, enabled, ...typesIn(eventTypes) };
      return webhookMessage(await webhooks.update(call, id, patch, validateOnly));
    }),
    deleteWebhook: calls.unary('DeleteWebhook', async (call, { id, validateOnly }) =>
      webhookMessage(await webhooks.remove(call, id, validateOnly)),
    ),
    rotateWebhook: calls.unary('RotateWebhook', async (call, { id, overlapHours, validateOnly }) =>
      withSecret(await webhooks.rotate(call, id, overlapHours === undefined ? {} : { overlapHours }, validateOnly)),
    ),
    replayWebhook: calls.unary('ReplayWebhook', async (call, { id, from, validateOnly }) =>
      webhookMessage(await webhooks.replay(call, id, { from: from?.toISOString() }, validateOnly)),
    ),
    redeliverWebhook: calls.unary('RedeliverWebhook', async (call, { id, messageId, validateOnly }) =>
      webhookMessage(await webhooks.redeliver(call, id, { messageId }, validateOnly)),
    ),
    listWebhookDeliveries: calls.unary('ListWebhookDeliveries', async (call, { id, pageSize, pageToken }) => {
      const page = await webhooks.deliveries(call, id, { pageSize: pageSizeOf(pageSize), pageToken });
      return { deliveries: page.items.map(deliveryMessage), nextPageToken: page.next ?? '' };
    }),
  };
}

const typesIn = (eventTypes: readonly string[]) => (eventTypes.length === 0 ? {} : { eventTypes });

function webhookMessage(record: WebhookRecord): Webhook {
  const { id, project = '', url, eventTypes, description, enabled, disabledReason = '', failedAttempts } = record;
  return {
    ...{ id, project, url, eventTypes: [...eventTypes], description, enabled, disabledReason, failedAttempts },
    createTime: record.createdAt,
    nextAttemptTime: record.nextAttemptAt,
  };
}

const withSecret = ({ record, secret }: WebhookWithSecret): WithSecret => ({ webhook: webhookMessage(record), secret });

const deliveryMessage = (delivery: WebhookDeliveryRecord) => ({
  ...delivery,
  status: delivery.status ?? 0,
  error: delivery.error ?? '',
});
