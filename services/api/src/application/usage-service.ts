/**
 * What is to be billed. The feed has one order without gaps over all projects; a key of one project sees only its
 * own events of it, a biller with an administrator's key all of them.
 */
import { Fault, type Meter, type UsageEvent, type UsageSummaryRow } from '@compute/domain';
import type { UsageGroup } from '@compute/store';
import { mayRead, requireProject, requireScope } from './access-rules.ts';
import { refuseConsumerName } from './consumer-name.ts';
import type { RequestContext } from './request-context.ts';
import type { ServiceParts } from './service-parts.ts';

const STREAM_PAGE = 500;
const STREAM_POLL_MS = 1_000;
const MAX_SPAN_DAYS = 366;
const MS_PER_DAY = 86_400_000;

export interface UsageFeedRequest {
  /** Empty: where the named reader is, or the beginning. */
  readonly after: string;
  readonly consumer?: string | undefined;
  readonly limit: number;
  readonly project?: string | undefined;
  readonly meter?: Meter | undefined;
}

export interface UsageFeedPage {
  readonly events: readonly UsageEvent[];
  /** Where to go on, also after an empty page. */
  readonly nextCursor: string;
}

export interface UsageSpan {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly groupBy: readonly UsageGroup[];
}

export interface UsageSummary {
  readonly from: Date;
  readonly to: Date;
  readonly rows: readonly UsageSummaryRow[];
}

/** Cursors are good for any filter: they are places in the one feed. */
export const CURSOR_SCOPE = 'usage';

export class UsageService {
  readonly #parts: ServiceParts;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  async events(context: RequestContext, request: UsageFeedRequest): Promise<UsageFeedPage> {
    const query = await this.#queryOf(context, request);
    const page = await this.#parts.store.usage.events(query);
    return { events: page.events, nextCursor: this.cursorOf(page.nextCursor) };
  }

  /** The cursor after the event at a position. */
  cursorOf(position: string): string {
    return this.#parts.signer.sign(CURSOR_SCOPE, [position]);
  }

  /** Pages of new events, as they come; never ends by itself. An empty page says that there is nothing new. */
  async *stream(
    context: RequestContext,
    request: UsageFeedRequest,
    signal: AbortSignal,
  ): AsyncGenerator<UsageFeedPage> {
    let query = await this.#queryOf(context, { ...request, limit: STREAM_PAGE });
    while (!signal.aborted) {
      const page = await this.#parts.store.usage.events(query);
      yield { events: page.events, nextCursor: this.cursorOf(page.nextCursor) };
      query = { ...query, after: page.nextCursor };
      if (page.events.length < STREAM_PAGE) await pause(STREAM_POLL_MS, signal);
    }
  }

  /** Sums of a span, open intervals included up to now. The last 30 days when no span is given. */
  async summary(context: RequestContext, project: string, span: UsageSpan): Promise<UsageSummary> {
    mayRead(context, project);
    await this.#parts.projects.mustExist(context, project);
    const to = span.to ?? new Date();
    const from = span.from ?? new Date(to.getTime() - 30 * MS_PER_DAY);
    const days = (to.getTime() - from.getTime()) / MS_PER_DAY;
    if (days < 0 || days > MAX_SPAN_DAYS) {
      const message = `From must be before to, and the span at most ${MAX_SPAN_DAYS} days.`;
      throw new Fault('InvalidArgument', message, { fields: [{ pointer: '/from', code: 'out_of_range', message }] });
    }
    const rows = await this.#parts.store.usage.summary({ project, from, to, groupBy: span.groupBy });
    return { from, to, rows };
  }

  async #queryOf(context: RequestContext, request: UsageFeedRequest) {
    requireScope(context, 'read');
    const project = request.project ?? context.caller.project;
    if (project !== undefined) requireProject(context, project);
    const after = await this.#placeOf(project, request);
    return {
      limit: request.limit,
      ...(after === undefined ? {} : { after }),
      ...(project === undefined ? {} : { project }),
      ...(request.meter === undefined ? {} : { meter: request.meter }),
    };
  }

  /** Undefined: the beginning. A cursor counts more than the place of a reader, so that a stream that broke goes on. */
  async #placeOf(project: string | undefined, { after, consumer }: UsageFeedRequest): Promise<string | undefined> {
    if (after !== '') return this.#parts.signer.read(CURSOR_SCOPE, after, '/after')[0];
    if (consumer === undefined) return undefined;
    refuseConsumerName(consumer, '/consumer');
    const [reader] = await this.#parts.store.usage.consumers(project ?? '', consumer);
    return reader?.position;
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener('abort', finish);
    if (signal.aborted) finish();
  });
}
