/** The usage feed as CloudEvents, as pages and as a stream, and the sums of a project. */
import {
  parseQuery,
  SSE_HEARTBEAT,
  sseFrame,
  type UsageSummaryView,
  usageCloudEvent,
  usageEventsQuerySchema,
  usageRowView,
  usageSummaryQuerySchema,
} from '@compute/contract';
import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { RequestContext } from '../application/request-context.ts';
import { type UsageFeedRequest, UsageService } from '../application/usage-service.ts';
import { type Frames, sendEventStream } from './event-stream.ts';
import { type ApiRequest, Context, header } from './request.ts';
import { StreamSettings } from './stream-settings.ts';

const BATCH = 'application/cloudevents-batch+json';

@Controller('v1')
export class UsageController {
  readonly #service: UsageService;
  readonly #settings: StreamSettings;

  constructor(service: UsageService, settings: StreamSettings) {
    this.#service = service;
    this.#settings = settings;
  }

  /** `{ events, nextCursor }`; a CloudEvents batch for who asks for one, with the cursor in a Link. */
  @Get('usage/events')
  async events(
    @Context() context: RequestContext,
    @Query() query: object,
    @Req() request: ApiRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const page = await this.#service.events(context, parseQuery(usageEventsQuerySchema, query));
    const events = page.events.map(usageCloudEvent);
    if (!header(request, 'accept')?.includes(BATCH)) return { events, nextCursor: page.nextCursor };
    reply
      .header('link', `</v1/usage/events?after=${page.nextCursor}>; rel="next"`)
      .header('content-type', BATCH)
      .serializer(JSON.stringify);
    return events;
  }

  @Get('usage/events/stream')
  async stream(
    @Context() context: RequestContext,
    @Query() query: object,
    @Req() request: ApiRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const parsed = parseQuery(usageEventsQuerySchema, query);
    const asked: UsageFeedRequest = { ...parsed, after: header(request, 'last-event-id') ?? parsed.after };
    const open = async (signal: AbortSignal): Promise<Frames> => {
      // Refuses a foreign project or a made-up cursor before the stream begins.
      await this.#service.events(context, { ...asked, limit: 1 });
      return { frames: this.#frames(context, asked, signal), heartbeat: () => SSE_HEARTBEAT };
    };
    await sendEventStream(request, reply, open, this.#settings);
  }

  async *#frames(context: RequestContext, asked: UsageFeedRequest, signal: AbortSignal): AsyncIterable<string> {
    for await (const page of this.#service.stream(context, asked, signal)) {
      for (const event of page.events) {
        const id = this.#service.cursorOf(event.position);
        yield sseFrame({ id, event: 'usage', data: usageCloudEvent(event) });
      }
    }
  }

  @Get('projects/:project/usage')
  async summary(
    @Context() context: RequestContext,
    @Param('project') project: string,
    @Query() query: object,
  ): Promise<UsageSummaryView> {
    const { from, to, rows } = await this.#service.summary(
      context,
      project,
      parseQuery(usageSummaryQuerySchema, query),
    );
    return { project, from: from.toISOString(), to: to.toISOString(), items: rows.map(usageRowView) };
  }
}
