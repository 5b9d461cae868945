/**
 * What a handler of a subresource or of a custom route is given and answers. Handlers never see HTTP objects (except
 * for upgrades), so they can be called in tests without a server.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ResourceBackend } from './backend.ts';
import type { Verb } from './kind.ts';

/** Who asks; comes from the bearer token. */
export interface RequestUser {
  name: string;
  groups: string[];
}

export interface RouteCall {
  verb: Verb;
  namespace: string;
  name: string;
  subresource: string;
  /** Path segments after the subresource: `portforward/22/tcp` gives `['22', 'tcp']`. */
  rest: string[];
  query: URLSearchParams;
  user: RequestUser;
  fieldManager: string;
  dryRun: boolean;
  /** The storage of a resource by `plural.group`; throws when the server does not serve it. */
  backendOf: (resource: string) => ResourceBackend;
  /** The parsed body, undefined when the request had none. */
  body: unknown;
}

export interface UpgradeCall extends Omit<RouteCall, 'body'> {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
}

export interface RouteReply {
  status: number;
  /** Sent as JSON; absent means an empty body. */
  body?: unknown;
  /** Texts for Warning headers. */
  warnings?: readonly string[];
}

/** A route that belongs to no stored kind, like those of `subresources.kubevirt.io`. */
export interface CustomRoute {
  group: string;
  version: string;
  /** Plural of the resource in the path. */
  resource: string;
  namespaced: boolean;
  /** Absent for a create-only resource such as `selfsubjectaccessreviews`. Slashes are allowed (`evacuate/cancel`). */
  subresource?: string;
  kind: string;
  verbs: Verb[];
  handle: (call: RouteCall) => Promise<RouteReply>;
  upgrade?: (call: UpgradeCall) => void;
}
