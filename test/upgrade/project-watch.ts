/** A watch of a project that lives through everything: when its API goes, it goes on at another one from its last event. */
import { setTimeout as pause } from 'node:timers/promises';
import { eventsOf, type WatchEvent } from '../stories/rest-client.ts';
import type { Doors } from './doors.ts';

const AGAIN_MS = 200;

export class ProjectWatch {
  /** Types of events by the name of the resource, as they came. */
  readonly seen = new Map<string, string[]>();
  /** What no watch may do: an event twice, one out of order, an answer that is none. */
  readonly problems: string[] = [];
  resumed = 0;
  readonly #doors: Doors;
  readonly #path: string;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #lastId: string | undefined;
  /** The last version told of each resource; a watch begins with what is there, in the order of names. */
  readonly #versions = new Map<string, number>();

  constructor(doors: Doors, project: string) {
    this.#doors = doors;
    this.#path = `/v1/projects/${project}/watch`;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      // A connection that breaks is what is being tested: the next one goes on behind the last event.
      await this.#follow().catch(() => undefined);
      this.resumed += 1;
      await pause(AGAIN_MS);
    }
  }

  async #follow(): Promise<void> {
    const { url, name } = this.#doors.next();
    const resume: Record<string, string> = this.#lastId === undefined ? {} : { 'last-event-id': this.#lastId };
    const headers = { ...this.#doors.headers, ...resume };
    const answer = await fetch(`${url}${this.#path}`, { headers, signal: this.#stop.signal });
    if (!answer.ok || answer.body === null) {
      this.problems.push(`a watch at ${name} was answered with ${answer.status}`);
      return;
    }
    for await (const event of eventsOf(answer.body)) this.#take(event);
  }

  #take({ type, object, id }: WatchEvent): void {
    if (id !== undefined) this.#lastId = id;
    if (!object) return;
    const { name, resourceVersion } = object.metadata;
    const before = this.#versions.get(name) ?? 0;
    if (Number(resourceVersion) <= before)
      this.problems.push(`${type} ${name} came twice or late: ${resourceVersion} after ${before}`);
    this.#versions.set(name, Number(resourceVersion));
    this.seen.set(name, [...(this.seen.get(name) ?? []), type]);
  }
}
