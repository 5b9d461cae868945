/**
 * One watch as a chunked HTTP response. Frames are JSON lines; an object's text is shared by all plain watchers. A
 * client that does not read is cut off rather than buffered for ever. Bookmarks tell the version everything was
 * delivered up to, so a watcher must not be sent a bookmark before the events it covers.
 */
import type { ServerResponse } from 'node:http';
import type { ResourceBackend, WatchEvent, WatchHandle, WatchSink } from '../protocol/backend.ts';
import type { FrameInterceptor } from '../protocol/interceptor.ts';
import type { KindDefinition } from '../protocol/kind.ts';
import { apiVersionOf } from '../protocol/kind.ts';
import type { Fields } from '../protocol/kube-object.ts';
import type { Selection } from '../protocol/selectors.ts';
import { expired, internalError, StatusError } from '../protocol/status-error.ts';
import type { Accepted } from './negotiation.ts';
import { partialMetadata, renderTable, type TableRequest } from './table.ts';
import { visibleType } from './watch-filter.ts';

/** Bytes a client may leave unread before its watch is ended; the objects a watch begins with come on top. */
const maxUnreadBytes = 32 * 1024 * 1024;
/** How long a client that was too slow has to read what is left, the reason last of all. */
const lastReadMs = 30_000;

export interface WatchOptions {
  kind: KindDefinition;
  namespace: string;
  selection: Selection;
  resourceVersion: string;
  /** sendInitialEvents=true: present objects first, then a bookmark that says they are complete. */
  initialEvents: boolean;
  bookmarks: boolean;
  timeoutMs: number;
  bookmarkIntervalMs: number;
  accepted: Accepted;
  table: TableRequest;
  intercept?: FrameInterceptor | undefined;
}

export class WatchResponse implements WatchSink {
  readonly #response: ServerResponse;
  readonly #options: WatchOptions;
  #handle: WatchHandle | undefined;
  #timers: NodeJS.Timeout[] = [];
  #definitionsSent = false;
  #ended = false;
  #unreadLimit = maxUnreadBytes;

  constructor(response: ServerResponse, options: WatchOptions) {
    this.#response = response;
    this.#options = options;
  }

  /** Starts the watch; resolves once it is running. */
  async start(backend: ResourceBackend): Promise<void> {
    const { namespace, resourceVersion, selection, initialEvents } = this.#options;
    const { bookmarks, timeoutMs, bookmarkIntervalMs } = this.#options;
    this.#response.writeHead(200, { 'Content-Type': this.#contentType(), 'Cache-Control': 'no-cache, private' });
    this.#response.flushHeaders();
    this.#response.on('close', () => this.#stop());
    const from = initialEvents ? '' : resourceVersion;
    try {
      this.#handle = await backend.watch({ namespace, resourceVersion: from, selection }, this);
    } catch (error) {
      this.end(error as Error);
      return;
    }
    if (this.#ended) this.#handle.close();
    if (initialEvents && bookmarks) this.#bookmark({ 'k8s.io/initial-events-end': 'true' });
    if (this.#ended) return;
    this.#timers.push(setTimeout(() => this.end(), timeoutMs));
    if (bookmarks) this.#timers.push(setInterval(() => this.#bookmark(), bookmarkIntervalMs));
    for (const timer of this.#timers) timer.unref();
  }

  event(event: WatchEvent): void {
    const type = visibleType(event, this.#options.namespace, this.#options.selection);
    if (type === undefined || this.#ended) return;
    this.#send(`{"type":"${type}","object":${this.#objectText(event)}}\n`);
  }

  /** Ends the response; an error is reported as an ERROR frame first. */
  end(error?: Error): void {
    if (this.#ended) return;
    if (error !== undefined) {
      const status = error instanceof StatusError ? error : internalError(error.message);
      this.#response.write(`${JSON.stringify({ type: 'ERROR', object: status.toStatus() })}\n`);
    }
    this.#stop();
    this.#response.end();
  }

  #stop(): void {
    this.#ended = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#handle?.close();
  }

  #contentType(): string {
    const { transform, version } = this.#options.accepted;
    if (transform === 'table') return `application/json;as=Table;g=meta.k8s.io;v=${version}`;
    if (transform === 'metadata') return `application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=${version}`;
    return 'application/json';
  }

  #objectText({ version: { object, json } }: WatchEvent): string {
    const { accepted, table } = this.#options;
    if (accepted.transform === 'metadata') return JSON.stringify(partialMetadata(object, accepted.version));
    if (accepted.transform !== 'table') return json;
    const withDefinitions = !this.#definitionsSent;
    this.#definitionsSent = true;
    const listMeta = { resourceVersion: object.metadata.resourceVersion };
    return JSON.stringify(renderTable(table, [object], listMeta, withDefinitions));
  }

  #bookmark(annotations?: Record<string, string>): void {
    if (this.#ended || this.#handle === undefined) return;
    const resourceVersion = this.#handle.resourceVersion();
    const metadata = {
      resourceVersion,
      creationTimestamp: null,
      ...(annotations === undefined ? {} : { annotations }),
    };
    this.#send(`${JSON.stringify({ type: 'BOOKMARK', object: this.#bookmarkObject(metadata) })}\n`);
  }

  #bookmarkObject(metadata: Fields): Fields {
    const { kind, accepted } = this.#options;
    if (accepted.transform === 'table') {
      const row = { cells: [], object: { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata } };
      return {
        kind: 'Table',
        apiVersion: `meta.k8s.io/${accepted.version}`,
        metadata: { resourceVersion: metadata.resourceVersion },
        columnDefinitions: null,
        rows: [row],
      };
    }
    if (accepted.transform === 'metadata') {
      return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${accepted.version}`, metadata };
    }
    return { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata };
  }

  #send(frame: string): void {
    const { intercept } = this.#options;
    const write = (text: string): void => {
      if (this.#ended) return;
      this.#response.write(text);
      if (this.#handle === undefined) this.#unreadLimit += text.length;
      else if (this.#response.writableLength > this.#unreadLimit) this.#tooSlow();
    };
    if (intercept === undefined) write(frame);
    else intercept(frame, write, () => this.cut());
  }

  /** Says that the watch is too old to go on, and holds what is unread for a moment only. */
  #tooSlow(): void {
    this.end(expired('the watch was read too slowly: list again and watch from there'));
    const timer = setTimeout(() => this.#response.destroy(), lastReadMs);
    timer.unref();
    this.#response.once('close', () => clearTimeout(timer));
  }

  /** Cuts the connection without a word. */
  cut(): void {
    this.#stop();
    this.#response.destroy();
  }
}
