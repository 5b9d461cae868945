/**
 * Pages of lists. All pages of one list come from the state at its first page; the tokens name that state. When it is
 * gone the client gets 410 with a token that goes on from the same key in the present state.
 */
import { randomUUID } from 'node:crypto';
import type { ListPage } from '../protocol/backend.ts';
import type { ObjectVersion } from '../protocol/kube-object.ts';
import { badRequest, expired } from '../protocol/status-error.ts';

/** States kept for lists that are not read to the end. */
const maxStates = 64;

interface State {
  items: ObjectVersion[];
  resourceVersion: string;
}

interface Token {
  v: 'meta.k8s.io/v1';
  /** `-1`: the present state. */
  rv: number;
  start: string;
  state?: string;
}

function keyOf({ object }: ObjectVersion): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

function encode(token: Token): string {
  return Buffer.from(JSON.stringify(token)).toString('base64url');
}

function decode(text: string): Token {
  try {
    const token = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Token;
    if (token.v === 'meta.k8s.io/v1' && typeof token.start === 'string') return token;
  } catch {
    // Answered below, like a token of the wrong form.
  }
  throw badRequest('continue key is not valid');
}

export class PageCache {
  readonly #states = new Map<string, State>();

  /** Forgets all states: further pages are answered with 410. */
  clear(): void {
    this.#states.clear();
  }

  /** Cuts a page from a list that has a limit. `counted` says whether the rest may be counted. */
  first(state: State, limit: number, counted: boolean): ListPage {
    return this.#page(state, 0, limit, counted);
  }

  /** The page a token asks for; `present` lists the present state, in case the token asks for it. */
  next(text: string, limit: number, counted: boolean, present: () => State): ListPage {
    const token = decode(text);
    const state = token.rv === -1 ? present() : this.#states.get(token.state ?? '');
    if (state === undefined) throw this.#expired(token);
    const found = state.items.findIndex((item) => keyOf(item) >= token.start);
    const page = this.#page(state, found < 0 ? state.items.length : found, limit, counted);
    if (page.continueToken === undefined && token.state !== undefined) this.#states.delete(token.state);
    return page;
  }

  #page(state: State, from: number, limit: number, counted: boolean): ListPage {
    const to = limit === 0 ? state.items.length : from + limit;
    const items = state.items.slice(from, to);
    const following = state.items[to];
    if (following === undefined) return { items, resourceVersion: state.resourceVersion };
    const start = keyOf(following);
    const continueToken = encode({
      v: 'meta.k8s.io/v1',
      rv: Number(state.resourceVersion),
      start,
      state: this.#keep(state),
    });
    const remaining = counted ? { remainingItemCount: state.items.length - to } : {};
    return { items, resourceVersion: state.resourceVersion, continueToken, ...remaining };
  }

  #keep(state: State): string {
    for (const [id, kept] of this.#states) if (kept === state) return id;
    const id = randomUUID();
    this.#states.set(id, state);
    const oldest = this.#states.keys().next().value;
    if (this.#states.size > maxStates && oldest !== undefined) this.#states.delete(oldest);
    return id;
  }

  #expired({ start }: Token): Error {
    const message =
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without ' +
      'the continue parameter, or use the continue token in this response to retrieve the remainder of the results. ' +
      'Continuing with the provided token results in an inconsistent list - objects that were created, modified, or ' +
      'deleted between the time the first chunk was returned and now may show up in the list.';
    return expired(message, { continue: encode({ v: 'meta.k8s.io/v1', rv: -1, start }) });
  }
}
