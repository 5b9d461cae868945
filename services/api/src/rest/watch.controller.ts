/** Changes as Server-Sent Events. `Last-Event-ID` goes on exactly after the event of that id. */
import { parseQuery, SSE_HEARTBEAT, sseFrame, sseFrameOf, viewOfAny, watchQuerySchema } from '@compute/contract';
import type { AnyResource } from '@compute/domain';
import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { RequestContext } from '../application/request-context.ts';
import { type Watch, type WatchItem, WatchService } from '../application/watch-service.ts';
import { type Frame, type Frames, sendEventStream } from './event-stream.ts';
import { type ApiRequest, Context, header } from './request.ts';
import { StreamSettings } from './stream-settings.ts';

@Controller('v1/projects/:project/watch')
export class WatchController {
  readonly #service: WatchService;
  readonly #settings: StreamSettings;

  constructor(service: WatchService, settings: StreamSettings) {
    this.#service = service;
    this.#settings = settings;
  }

  @Get()
  async watch(
    @Context() context: RequestContext,
    @Param('project') project: string,
    @Query() query: object,
    @Req() request: ApiRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { kinds, labelSelector, resumeToken } = parseQuery(watchQuerySchema, query);
    const after = header(request, 'last-event-id') ?? resumeToken;
    const open = async (signal: AbortSignal): Promise<Frames> => {
      const watch = await this.#service.watch(context, { project, kinds, labelSelector, after }, signal);
      return { frames: framesOf(watch), heartbeat: heartbeatOf(watch) };
    };
    await sendEventStream(request, reply, open, this.#settings);
  }
}

async function* framesOf(watch: Watch): AsyncIterable<Frame> {
  for await (const item of watch.items) yield frameOf(item);
}

/** Moves the client's position on while only others change. */
function heartbeatOf(watch: Watch): () => string {
  let told: string | undefined;
  return () => {
    const cursor = watch.cursor();
    if (cursor === undefined || cursor === told) return SSE_HEARTBEAT;
    told = cursor;
    return SSE_HEARTBEAT + bookmark(cursor);
  };
}

function frameOf(item: WatchItem): Frame {
  if (item.what === 'bookmark') return bookmark(item.cursor);
  return item.cursor === undefined ? writtenFrame(item) : sharedFrame(item);
}

const bookmark = (cursor: string): string =>
  sseFrame({ id: cursor, event: 'BOOKMARK', data: { type: 'BOOKMARK', resourceVersion: cursor } });

type ChangeItem = Extract<WatchItem, { what: 'change' }>;

function writtenFrame({ op, resource, cursor }: ChangeItem): string {
  return sseFrameOf(op, `{"type":"${op}","object":${JSON.stringify(viewOfAny(resource))}}`, cursor);
}

/** The frames of changes by the resource as each has it: every watcher is given the same object. */
const shared = new WeakMap<AnyResource, { readonly op: ChangeItem['op']; readonly frame: Buffer }>();

/** Written and encoded once for all watchers, except for one to whom the change means something else. */
function sharedFrame(item: ChangeItem): Buffer {
  const known = shared.get(item.resource);
  if (known?.op === item.op) return known.frame;
  const frame = Buffer.from(writtenFrame(item));
  if (!known) shared.set(item.resource, { op: item.op, frame });
  return frame;
}
