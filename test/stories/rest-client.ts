/** REST as an integrator speaks it: plain fetch, and a watch that is waited on instead of polling. */
import type { StackFacts } from './running-stack.ts';

export interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status: {
    readonly phase: string;
    readonly conditions: readonly { readonly type: string; readonly status: string; readonly reason: string }[];
    readonly failure?: { readonly code: string; readonly message: string; readonly remedy: string };
    readonly import?: { readonly phase: string; readonly percent?: number; readonly attempts: number };
    readonly addresses?: { readonly external?: string };
  };
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object?: Manifest;
  readonly id?: string;
}

/** Where REST is, and who asks. */
export type RestFacts = Pick<StackFacts, 'rest' | 'project' | 'apiKey'>;

const PATIENCE_MS = 240_000;

export class RestClient {
  readonly #facts: () => RestFacts;

  constructor(facts: () => RestFacts) {
    this.#facts = facts;
  }

  get #project(): string {
    const { rest, project } = this.#facts();
    return `${rest}/v1/projects/${project}`;
  }

  async call(path: string, init: RequestInit = {}, key = this.#facts().apiKey): Promise<Response> {
    const url = path.startsWith('/') ? `${this.#facts().rest}${path}` : `${this.#project}/${path}`;
    return fetch(url, { ...init, headers: { authorization: `Bearer ${key}`, ...init.headers } });
  }

  /** The JSON of a successful answer; anything else is thrown with its body. */
  async json<T>(path: string, init: RequestInit = {}): Promise<T> {
    const answer = await this.call(path, init);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${init.method ?? 'GET'} ${path}: ${answer.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  apply<T>(yaml: string): Promise<T> {
    return this.json<T>('manifests', { method: 'POST', body: yaml, headers: { 'content-type': 'application/yaml' } });
  }

  /** Events of the project's watch until `done` says so; rejects when that takes longer than any story may. */
  async watchUntil(done: (event: WatchEvent) => boolean, after?: string): Promise<WatchEvent[]> {
    const stop = new AbortController();
    const timeout = setTimeout(
      () => stop.abort(new Error('The watch did not show what the story waits for.')),
      PATIENCE_MS,
    );
    const seen: WatchEvent[] = [];
    try {
      const headers: Record<string, string> = after === undefined ? {} : { 'last-event-id': after };
      const answer = await this.call('watch', { signal: stop.signal, headers });
      if (!answer.ok || answer.body === null) throw new Error(`watch: ${answer.status} ${await answer.text()}`);
      for await (const event of eventsOf(answer.body)) {
        seen.push(event);
        if (done(event)) return seen;
      }
      throw new Error(`The watch ended early, after ${seen.length} events.`);
    } finally {
      clearTimeout(timeout);
      stop.abort();
    }
  }
}

/** The events of a stream; heartbeats are left out. */
export async function* eventsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<WatchEvent> {
  let rest = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const frames = `${rest}${chunk}`.split('\n\n');
    rest = frames.pop() ?? '';
    yield* frames.flatMap(eventOfFrame);
  }
}

function eventOfFrame(frame: string): WatchEvent[] {
  const field = (name: string) =>
    frame
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2);
  const data = field('data');
  if (data === undefined) return [];
  const id = field('id');
  return [{ ...(JSON.parse(data) as WatchEvent), ...(id === undefined ? {} : { id }) }];
}

/** A condition for `watchUntil`: all named resources are in the phase, as far as the events tell. */
export function allIn(phases: Readonly<Record<string, string>>): (event: WatchEvent) => boolean {
  const waiting = new Set(Object.keys(phases));
  return ({ object }) => {
    if (object === undefined) return false;
    const { name } = object.metadata;
    if (phases[name] === object.status.phase) waiting.delete(name);
    else if (name in phases) waiting.add(name);
    return waiting.size === 0;
  };
}
