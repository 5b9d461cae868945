/**
 * What a subscriber is sent: an id that is the same however often it is sent, a type, and the body that is signed. The
 * data is what the API shows of the same thing.
 */
import { quotaEventView, usageCloudEvent } from '@compute/contract';
import type { UsageEvent, WebhookEventType } from '@compute/domain';
import type { LifecycleEvent, PhaseEvent } from '@compute/store';

export interface WebhookMessage {
  readonly id: string;
  readonly type: WebhookEventType;
  /** JSON, as it is signed. */
  readonly body: string;
}

/** Far below what receivers accept; only a sentence of the cluster could be long. */
const MAX_TEXT = 2_000;

export function messageOfLifecycle(event: LifecycleEvent): WebhookMessage {
  if (event.type === 'phase') {
    const id = `evt_${event.uid}_${event.transitionSeq}`;
    return message(id, 'resource.phase_changed', event.recordedAt, phaseData(event));
  }
  const { entry } = event;
  const type = entry.type === 'LimitChanged' ? 'quota.limit_changed' : 'quota.threshold_reached';
  return message(`evt_quota_${entry.seq}`, type, entry.at, { project: entry.project, ...quotaEventView(entry) });
}

/** The data is the CloudEvent of the feed. */
export function messageOfUsage(event: UsageEvent): WebhookMessage {
  return message(`evt_usage_${event.id}`, 'usage.recorded', event.recordedAt, usageCloudEvent(event));
}

function phaseData({ type: _type, seq: _seq, transitionSeq: _transition, message: words, ...event }: PhaseEvent) {
  return { ...event, message: words.slice(0, MAX_TEXT) };
}

function message(id: string, type: WebhookEventType, timestamp: Date, data: object): WebhookMessage {
  return { id, type, body: JSON.stringify({ type, timestamp: timestamp.toISOString(), data }) };
}
