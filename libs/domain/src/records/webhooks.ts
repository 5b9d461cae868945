/** Who is told of events, and how each attempt went. */
import type { WebhookEventType } from '../webhooks.ts';

export interface WebhookRecord {
  readonly id: string;
  /** Absent: every project. */
  readonly project?: string;
  readonly url: string;
  readonly eventTypes: readonly WebhookEventType[];
  readonly description: string;
  readonly enabled: boolean;
  readonly disabledReason?: string;
  readonly createdAt: Date;
  /** Of the message that could not be delivered yet. */
  readonly failedAttempts: number;
  readonly nextAttemptAt?: Date;
}

export interface WebhookDeliveryRecord {
  readonly id: string;
  readonly messageId: string;
  readonly eventType: string;
  readonly at: Date;
  readonly attempt: number;
  readonly delivered: boolean;
  readonly status?: number;
  readonly durationMs: number;
  readonly error?: string;
}
