/**
 * One webhook's turn: what was asked for again, then its messages one after another, each written down before the next is
 * sent. The first that fails ends the turn and is the first of the next one, so a subscriber sees events in their order.
 */
import { type WebhookEventType, webhookPauseMs } from '@compute/domain';
import type { Store, WebhookAttempt, WebhookProgress, WebhookTurn } from '@compute/store';
import { messageOfLifecycle, messageOfUsage, type WebhookMessage } from './message.ts';
import { type SendOptions, type SendOutcome, sendMessage } from './send-message.ts';

export type WebhookStore = Pick<Store, 'webhooks' | 'lifecycleEvents' | 'usage'>;

export interface TurnOptions {
  readonly store: WebhookStore;
  readonly allowPrivate: boolean;
  readonly isForbidden?: (address: string) => boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onDisabled: (webhook: string, reason: string) => void;
}

const PAGE = 50;
const GONE = 410;

type Cursor = Pick<WebhookProgress, 'changeSeq' | 'usagePosition'>;

interface Planned {
  /** Absent: nobody asked for this type; only the cursor moves. */
  readonly message?: WebhookMessage;
  readonly cursor: Cursor;
}

/** Resolves to whether there may be more to do at once. */
export async function takeTurn(id: string, options: TurnOptions): Promise<boolean> {
  const first = await options.store.webhooks.turn(id);
  if (!first) return false;
  for (const messageId of first.redeliver) {
    if (options.signal.aborted) return false;
    await redeliver(first, messageId, options);
  }
  let turn: WebhookTurn = first;
  const { planned, isMore } = await plan(turn, options.store);
  for (const { message, cursor } of planned) {
    if (options.signal.aborted) return false;
    const delivered = await deliver(turn, message, cursor, options);
    if (!delivered) return false;
    const { failingId: _failing, ...rest } = turn;
    turn = { ...rest, ...cursor, failedAttempts: 0 };
  }
  return isMore;
}

/** The messages of both feeds; the one that holds the message that failed comes first. */
async function plan(turn: WebhookTurn, store: WebhookStore): Promise<{ planned: Planned[]; isMore: boolean }> {
  const [lifecycle, usage] = await Promise.all([planLifecycle(turn, store), planUsage(turn, store)]);
  const usageFirst = turn.failingId?.startsWith('evt_usage_') ?? false;
  const planned = usageFirst ? [...usage, ...lifecycle] : [...lifecycle, ...usage];
  return { planned, isMore: lifecycle.length >= PAGE / 2 || usage.length >= PAGE };
}

async function planLifecycle(turn: WebhookTurn, store: WebhookStore): Promise<Planned[]> {
  const project = turn.project === undefined ? {} : { project: turn.project };
  const page = await store.lifecycleEvents({ after: turn.changeSeq, ...project, limit: PAGE });
  const planned = page.events.map((event, index): Planned => {
    // Of several events of one change, the cursor moves on with the last.
    const isLast = page.events[index + 1]?.seq !== event.seq;
    return { ...wanted(turn, messageOfLifecycle(event)), cursor: isLast ? { changeSeq: event.seq } : {} };
  });
  if (page.lost > 0) await store.webhooks.record(turn, gapOf(turn, page.lost), {});
  return page.next === turn.changeSeq ? planned : [...planned, { cursor: { changeSeq: page.next } }];
}

/** Who was disabled for longer than changes are kept has missed some; its log says so. */
function gapOf({ changeSeq }: WebhookTurn, lost: number): WebhookAttempt {
  const error = `up to ${lost} changes were dropped before they could be told`;
  return {
    messageId: `gap_${changeSeq}`,
    eventType: 'gap',
    attempt: 1,
    delivered: false,
    durationMs: 0,
    error,
    body: '',
  };
}

async function planUsage(turn: WebhookTurn, store: WebhookStore): Promise<Planned[]> {
  const project = turn.project === undefined ? {} : { project: turn.project };
  const page = await store.usage.events({ after: String(turn.usagePosition), ...project, limit: PAGE });
  const planned = page.events.map(
    (event): Planned => ({
      ...wanted(turn, messageOfUsage(event)),
      cursor: { usagePosition: Number(event.position) },
    }),
  );
  const next = Number(page.nextCursor);
  return next === turn.usagePosition ? planned : [...planned, { cursor: { usagePosition: next } }];
}

function wanted({ eventTypes }: WebhookTurn, message: WebhookMessage): Pick<Planned, 'message'> {
  return eventTypes.includes(message.type) ? { message } : {};
}

/** Whether it was delivered, or there was nothing to deliver. */
async function deliver(
  turn: WebhookTurn,
  message: WebhookMessage | undefined,
  cursor: Cursor,
  options: TurnOptions,
): Promise<boolean> {
  const { webhooks } = options.store;
  if (!message) {
    await webhooks.record(turn, undefined, cursor);
    return true;
  }
  const attempts = (turn.failingId === message.id ? turn.failedAttempts : 0) + 1;
  const { outcome, attempt } = await send(turn, message, attempts, options);
  // The end of the worker is no failure of the receiver.
  if (options.signal.aborted && outcome.error !== undefined) return false;
  if (outcome.error === undefined) {
    await webhooks.record(turn, attempt, cursor);
    return true;
  }
  const afterMs = webhookPauseMs(attempts, Math.random());
  const disabledReason = outcome.status === GONE ? 'Gone' : afterMs === undefined ? 'Exhausted' : undefined;
  const failing = { messageId: message.id, attempts, afterMs: afterMs ?? 0 };
  await webhooks.record(turn, attempt, { failing, ...(disabledReason === undefined ? {} : { disabledReason }) });
  if (disabledReason !== undefined) options.onDisabled(turn.id, disabledReason);
  return false;
}

/** Once, whatever comes of it: it stands in the log. */
async function redeliver(turn: WebhookTurn, messageId: string, options: TurnOptions): Promise<void> {
  const { webhooks } = options.store;
  const stored = await webhooks.bodyOf(turn.id, messageId);
  const present = { ...(turn.failingId === undefined ? {} : { failing: failingOf(turn) }), redelivered: messageId };
  if (!stored) return webhooks.record(turn, undefined, present);
  const message = { id: messageId, type: stored.eventType as WebhookEventType, body: stored.body };
  const { attempt } = await send(turn, message, 1, options);
  await webhooks.record(turn, attempt, present);
}

/** What failed stays what it was, and is due now. */
const failingOf = ({ failingId = '', failedAttempts }: WebhookTurn) => ({
  ...{ messageId: failingId, attempts: failedAttempts, afterMs: 0 },
});

async function send(
  turn: WebhookTurn,
  { id, type, body }: WebhookMessage,
  attempts: number,
  { allowPrivate, isForbidden, timeoutMs, signal }: TurnOptions,
): Promise<{ outcome: SendOutcome; attempt: WebhookAttempt }> {
  const started = performance.now();
  const { url, secrets } = turn;
  const rules: Pick<SendOptions, 'isForbidden'> = isForbidden ? { isForbidden } : {};
  const outcome = await sendMessage({ url, id, body, secrets, allowPrivate, ...rules, timeoutMs, signal });
  const durationMs = Math.round(performance.now() - started);
  const delivered = outcome.error === undefined;
  const base = { messageId: id, eventType: type, attempt: attempts, delivered, durationMs, body };
  return { outcome, attempt: { ...base, ...outcome } };
}
