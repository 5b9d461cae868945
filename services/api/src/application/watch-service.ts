/**
 * Changes of a project's resources as they happen, for every face: first what there is, then each change, in order,
 * nothing lost and nothing twice. A reader that was away goes on from the last cursor it was given.
 *
 * A reader could break: cursors are given out only where going on is safe, so nothing of the first listing carries
 * one before the listing is complete.
 */
import { type LabelSelector, parseLabelSelector, selects } from '@compute/contract';
import { type AnyResource, Fault, KINDS, type Kind } from '@compute/domain';
import type { Change, ChangeOp, Store, Subscription } from '@compute/store';
import { mayRead, mayReadAll } from './access-rules.ts';
import type { ProjectService } from './project-service.ts';
import type { RequestContext } from './request-context.ts';

const LIST_PAGE = 500;

export interface WatchRequest {
  /** Absent: every project, for who sees them all. */
  readonly project?: string;
  /** Empty: all. */
  readonly kinds: readonly Kind[];
  readonly labelSelector: string;
  /** The last cursor that was received; empty: begin with what there is. */
  readonly after: string;
}

export type WatchItem =
  | { readonly what: 'change'; readonly op: ChangeOp; readonly resource: AnyResource; readonly cursor?: string }
  /** Everything up to the cursor has been told. */
  | { readonly what: 'bookmark'; readonly cursor: string };

export interface Watch {
  readonly items: AsyncIterable<WatchItem>;
  /** The newest cursor from which going on loses nothing; undefined while the first listing runs. */
  cursor(): string | undefined;
}

export class WatchService {
  readonly #store: Store;
  readonly #projects: ProjectService;

  constructor(store: Store, projects: ProjectService) {
    this.#store = store;
    this.#projects = projects;
  }

  /** Checks the request before anything is sent; `items` throws `CursorTooOld` when the reader cannot be served gap-free. */
  async watch(context: RequestContext, request: WatchRequest, signal: AbortSignal): Promise<Watch> {
    await this.#admit(context, request.project);
    const selector = parseLabelSelector(request.labelSelector);
    const kinds = request.kinds.length === 0 ? KINDS : request.kinds;
    if (request.after !== '') await this.#mustBeKept(request.after);
    const watcher = new Watcher(this.#store, { ...request, kinds }, selector, signal);
    return { items: watcher.run(), cursor: () => watcher.cursor };
  }

  /** The end of the feed as it stands: a list that is read afterwards and a watch from here have no gap between them. */
  position(): Promise<string> {
    return this.#store.feedPosition();
  }

  async #admit(context: RequestContext, project: string | undefined): Promise<void> {
    if (project === undefined) return mayReadAll(context);
    mayRead(context, project);
    await this.#projects.mustExist(context, project);
  }

  /** Throws `CursorTooOld` for a position whose changes are no longer kept, or that lies ahead: a feed of the past. */
  async #mustBeKept(position: string): Promise<void> {
    if (!POSITION.test(position))
      throw new Fault('InvalidArgument', 'The position to go on from is not one that this service gave out.');
    if (BigInt(position) > BigInt(await this.#store.feedPosition()))
      throw new Fault('CursorTooOld', 'This position belongs to a feed that is no more. Start again without it.');
    await this.#store.changes({ after: position, limit: 1 });
  }
}

/** Positions are safe integers. */
const POSITION = /^\d{1,15}$/;

class Watcher {
  readonly #store: Store;
  readonly #request: WatchRequest;
  readonly #signal: AbortSignal;
  readonly #view: SelectedView;
  #subscription: Subscription | undefined;

  constructor(store: Store, request: WatchRequest, selector: LabelSelector, signal: AbortSignal) {
    this.#store = store;
    this.#request = request;
    this.#signal = signal;
    this.#view = new SelectedView(selector);
  }

  get cursor(): string | undefined {
    return this.#subscription?.position;
  }

  async *run(): AsyncGenerator<WatchItem> {
    let after = this.#request.after;
    if (after === '') {
      after = await this.#store.feedPosition();
      yield* this.#listing();
      yield { what: 'bookmark', cursor: after };
    }
    const { project, kinds } = this.#request;
    const scope = project === undefined ? {} : { project };
    this.#subscription = this.#store.subscribe({ ...scope, kinds, after, signal: this.#signal });
    for await (const change of this.#subscription) {
      const op = this.#view.opOf(change);
      if (op) yield { what: 'change', op, resource: change.resource, cursor: change.seq };
    }
  }

  async *#listing(): AsyncGenerator<WatchItem> {
    const { project, kinds } = this.#request;
    if (project !== undefined) {
      for (const kind of kinds) yield* this.#listingOf(kind, project);
      return;
    }
    for await (const name of this.#everyProject()) for (const kind of kinds) yield* this.#listingOf(kind, name);
  }

  async *#everyProject(): AsyncGenerator<string> {
    let after: string | undefined;
    do {
      const page = await this.#store.projects({ limit: LIST_PAGE, ...(after === undefined ? {} : { after }) });
      for (const { name } of page.items) yield name;
      after = page.next;
    } while (after !== undefined);
  }

  async *#listingOf(kind: Kind, project: string): AsyncGenerator<WatchItem> {
    let after: string | undefined;
    do {
      this.#signal.throwIfAborted();
      const query = { kind, project, limit: LIST_PAGE };
      const page = await this.#store.list(after === undefined ? query : { ...query, after });
      for (const resource of page.items) {
        if (this.#view.lists(resource)) yield { what: 'change', op: 'ADDED', resource };
      }
      after = page.next;
    } while (after !== undefined);
  }
}

/** What one watcher has been shown, as far as that decides what a change means to it. */
class SelectedView {
  readonly #selector: LabelSelector;
  /** Listed resources with the position of the state that was shown; forgotten with their first later change. */
  readonly #listedAt = new Map<string, bigint>();
  /** Only with a selector: who was shown, and who was seen not to match. */
  readonly #matches = new Map<string, boolean>();

  constructor(selector: LabelSelector) {
    this.#selector = selector;
  }

  lists(resource: AnyResource): boolean {
    const matches = selects(this.#selector, resource.labels);
    this.#listedAt.set(resource.uid, BigInt(resource.resourceVersion));
    if (this.#selector.length > 0) this.#matches.set(resource.uid, matches);
    return matches;
  }

  /** What a change is to this watcher; undefined when it is nothing new or nothing of its concern. */
  opOf(change: Change): ChangeOp | undefined {
    if (this.#wasListed(change)) return undefined;
    if (this.#selector.length === 0) return change.op;
    const before = this.#matches.get(change.uid);
    const matches = selects(this.#selector, change.resource.labels);
    if (change.op === 'DELETED') this.#matches.delete(change.uid);
    else this.#matches.set(change.uid, matches);
    if (change.op === 'DELETED') return before === false || (before === undefined && !matches) ? undefined : 'DELETED';
    if (matches) return before === false ? 'ADDED' : change.op;
    // Unknown after a resumption: it may have been shown before, so its going is told.
    return before === false || change.op === 'ADDED' ? undefined : 'DELETED';
  }

  #wasListed(change: Change): boolean {
    const listed = this.#listedAt.get(change.uid);
    if (listed === undefined) return false;
    if (BigInt(change.seq) <= listed) return true;
    this.#listedAt.delete(change.uid);
    return false;
  }
}
