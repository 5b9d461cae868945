/** Frames of a text/event-stream. Data is one line of JSON, so that no text can break out of its frame. */
export interface ServerSentEvent {
  /** What a client sends back as Last-Event-ID to go on after this event. */
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}

export function sseFrame({ id, event, data }: ServerSentEvent): string {
  return sseFrameOf(event, JSON.stringify(data), id);
}

/** A frame of data that is JSON text already. */
export function sseFrameOf(event: string, json: string, id?: string): string {
  const idLine = id === undefined ? '' : `id: ${id}\n`;
  return `${idLine}event: ${event}\ndata: ${json}\n\n`;
}

/** A comment: keeps the connection and its proxies awake. */
export const SSE_HEARTBEAT = ': heartbeat\n\n';

/** Tells a client how long to wait before it connects again. */
export function sseRetry(milliseconds: number): string {
  return `retry: ${milliseconds}\n\n`;
}
