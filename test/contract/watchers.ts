/** Watches of one project's disks on each face, as a client that may lose its connection at any moment. */
import { insecure, type KubectlStage, kubeClient, messagesOf, openEvents } from '@compute/api/testing';
import { ChangeType, WatchRequest, type WatchResponse, WatchServiceClient } from '@compute/proto';
import type { ServiceError } from '@grpc/grpc-js';

export interface Told {
  /** Absent for a heartbeat or a bookmark. */
  readonly change?: string;
  /** Where to go on after it. */
  readonly cursor: string;
}

export interface Watcher {
  /** Undefined at an end without a word; `refused` tells the word. */
  next(): Promise<Told | undefined>;
  /** What the face said at the end. */
  readonly refused: () => string | undefined;
  close(): void;
}

export interface WatchedFace {
  readonly name: string;
  /** What a position that cannot be served is called here. */
  readonly tooOld: string;
  open(project: string, after: string): Promise<Watcher>;
}

const changed = (op: string, version: string): string => `${version} ${op}`;

export function watchedFaces(stage: KubectlStage): readonly WatchedFace[] {
  return [restFace(stage), grpcFace(stage), kubeFace(stage)];
}

function restFace({ it }: KubectlStage): WatchedFace {
  return {
    name: 'REST',
    tooOld: '410 CursorTooOld',
    open: async (project, after) => {
      const url = `${it.api.restUrl}/v1/projects/${project}/watch?kinds=VMDisk`;
      const headers = { authorization: `Bearer ${it.adminKey}`, ...(after === '' ? {} : { 'last-event-id': after }) };
      const source = await openEvents(url, headers);
      let refused = source.status === 200 ? undefined : `${source.status} CursorTooOld`;
      const next = async (): Promise<Told | undefined> => {
        if (refused !== undefined) return undefined;
        const event = await source.next();
        if (event?.event === 'TOO_OLD') refused = `${String(event.data.status)} ${String(event.data.code)}`;
        if (!event || refused !== undefined) return undefined;
        const { object } = event.data as { object?: { metadata: { resourceVersion: string } } };
        const told = object ? { change: changed(event.event, object.metadata.resourceVersion) } : {};
        return { ...told, cursor: event.id ?? '' };
      };
      return { next, refused: () => refused, close: () => source.close() };
    },
  };
}

function grpcFace({ it }: KubectlStage): WatchedFace {
  return {
    name: 'gRPC',
    tooOld: '11 OUT_OF_RANGE',
    open: async (project, after) => {
      const client = new WatchServiceClient(it.api.grpcAddress, insecure());
      const request = WatchRequest.fromPartial({ project, kinds: ['VMDisk'], resumeToken: after });
      const stream = client.watch(request, it.metadata(it.adminKey));
      const read = messagesOf<WatchResponse>(stream);
      let refused: string | undefined;
      const next = async (): Promise<Told | undefined> => {
        const message = await read().catch((error: ServiceError) => {
          refused = error.code === 11 ? '11 OUT_OF_RANGE' : `${error.code} ${error.message}`;
          return undefined;
        });
        if (!message) return undefined;
        const { resource, resumeToken: cursor } = message;
        if (!resource) return { cursor };
        const op = Object.entries(ChangeType).find(([, number]) => number === message.type)?.[0] ?? '';
        const version = resource.value.metadata?.resourceVersion ?? '';
        return { change: changed(op.slice('CHANGE_TYPE_'.length), version), cursor };
      };
      const close = () => {
        stream.cancel();
        client.close();
      };
      return { next, refused: () => refused, close };
    },
  };
}

function kubeFace({ it, ca }: KubectlStage): WatchedFace {
  const client = kubeClient(it.api.kubeUrl ?? '', ca, it.adminKey);
  return {
    name: 'kubectl',
    tooOld: '410 Expired',
    open: async (project, after) => {
      const from = after === '' ? '' : `&resourceVersion=${after}`;
      const watch = await client.watch(`namespaces/${project}/vmdisks?allowWatchBookmarks=true${from}`);
      let refused: string | undefined;
      const next = async (): Promise<Told | undefined> => {
        const frame = await watch.next().catch(() => undefined);
        if (frame?.type === 'ERROR') refused = `${frame.object.code} ${frame.object.reason}`;
        if (!frame || frame.type === 'ERROR') return undefined;
        const { resourceVersion: cursor } = frame.object.metadata;
        return frame.type === 'BOOKMARK' ? { cursor } : { change: changed(frame.type, cursor), cursor };
      };
      return { next, refused: () => refused, close: () => watch.close() };
    },
  };
}
