/**
 * Edits of one resource go one after another within a process. An edit that names no version reads, changes and writes;
 * of many at once all but one would lose each round, and the last would run out of attempts though nobody asked for a
 * version. Another process may still come between: the store compares, and the loser reads again.
 */

export class EditTurns {
  /** The last edit of each resource that has one under way or waiting. */
  readonly #last = new Map<string, Promise<void>>();

  /** Runs `work` when every earlier one of any of the keys has ended, however it ended. Keys are taken together. */
  async take<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    const earlier = keys.flatMap((key) => this.#last.get(key) ?? []);
    const turn = earlier.length === 0 ? work() : Promise.all(earlier).then(work);
    const ended = turn.then(
      () => {},
      () => {},
    );
    for (const key of keys) this.#last.set(key, ended);
    try {
      return await turn;
    } finally {
      for (const key of keys) if (this.#last.get(key) === ended) this.#last.delete(key);
    }
  }
}

/** What the turns of a resource are known by. */
export const turnOf = (kind: string, project: string, name: string): string => `${kind}/${project}/${name}`;
