/** Webhooks: what is asked of them and what is shown. A secret is in one answer alone, when it is made. */
import { WEBHOOK_EVENT_TYPES, type WebhookDeliveryRecord, type WebhookRecord } from '@compute/domain';
import { z } from 'zod';
import { hostOf, isPrivateAddress } from '../rules/source-url.ts';

export interface WebhookView extends Omit<WebhookRecord, 'createdAt' | 'nextAttemptAt'> {
  readonly createdAt: string;
  readonly nextAttemptAt?: string;
}

export function webhookView({ createdAt, nextAttemptAt, ...webhook }: WebhookRecord): WebhookView {
  const next = nextAttemptAt ? { nextAttemptAt: nextAttemptAt.toISOString() } : {};
  return { ...webhook, createdAt: createdAt.toISOString(), ...next };
}

export interface WebhookDeliveryView extends Omit<WebhookDeliveryRecord, 'at'> {
  readonly at: string;
}

export function webhookDeliveryView({ at, ...delivery }: WebhookDeliveryRecord): WebhookDeliveryView {
  return { ...delivery, at: at.toISOString() };
}

const url = z
  .string()
  .max(2048)
  .refine(isWebUrl, 'An http or https URL without credentials.')
  .meta({ description: 'Where messages go; https, and not inside the operator’s network.' });
const eventTypes = z.array(z.enum(WEBHOOK_EVENT_TYPES)).min(1);
const description = z.string().max(200);

export const createWebhookSchema = z.strictObject({
  project: z.string().max(63).optional().meta({ description: 'Left out: of every project.' }),
  url,
  eventTypes: eventTypes.default(() => [...WEBHOOK_EVENT_TYPES]),
  description: description.default(''),
});
export const updateWebhookSchema = z.strictObject({
  url: url.optional(),
  eventTypes: eventTypes.optional(),
  description: description.optional(),
  enabled: z
    .boolean()
    .optional()
    .meta({ description: 'Enabling tries at once what could not be delivered; nothing is skipped.' }),
});
export const rotateWebhookSchema = z.strictObject({
  overlapHours: z
    .number()
    .min(0)
    .max(168)
    .default(24)
    .meta({ description: 'How long the secrets before sign beside the new one.' }),
});
export const replayWebhookSchema = z.strictObject({
  from: z.iso
    .datetime({ offset: true })
    .meta({ description: 'Everything that was recorded since is told again, under the same ids.' }),
});
export const redeliverWebhookSchema = z.strictObject({ messageId: z.string().min(1).max(200) });

function isWebUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === 'https:' || protocol === 'http:') && username === '' && password === '';
}

/** Why messages may not go there; undefined when they may. The address behind a name is judged with each delivery. */
export function webhookUrlProblem(text: string): string | undefined {
  const address = new URL(text);
  const host = hostOf(address);
  if (address.protocol !== 'https:') return 'Only https: a message tells what belongs to the project.';
  if (host === 'localhost' || host.endsWith('.localhost') || isPrivateAddress(host))
    return 'Private, loopback and link-local addresses cannot be told anything.';
  return undefined;
}
