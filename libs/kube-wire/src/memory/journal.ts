/**
 * Keeps the state of a store in a folder. One file holds a snapshot and, behind it, every change since; when the
 * changes outweigh the snapshot a new file replaces it. Changes reach the file in the turn after they happen and the
 * disk with the next sync, so killing the process loses nothing that was written and a power cut at most one interval.
 * A half-written last line is the mark of such an end and is left out on loading.
 */
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { resourceKey } from '../protocol/kind.ts';
import { type KubeObject, ObjectVersion } from '../protocol/kube-object.ts';
import type { Commit, MemoryStore } from './memory-store.ts';

/** One line: an object, or the removal of one. `r` is the resource, `v` the revision. */
interface Line {
  r: string;
  v: number;
  o?: KubeObject;
  d?: [namespace: string, name: string];
}

const filePattern = /^state-(\d+)\.ndjson$/;
/** Clients may have seen revisions the last write did not reach; going on behind them makes them list anew. */
const revisionGap = 1000;
const syncIntervalMs = 50;
const defaultMinimumChanges = 20_000;

export interface JournalOptions {
  /** A file is not compacted before it has this many changes. */
  minimumChanges?: number;
}

export class Journal {
  readonly #folder: string;
  readonly #store: MemoryStore;
  readonly #minimumChanges: number;
  #file: FileHandle | undefined;
  #number = 0;
  #changes = 0;
  #snapshotSize = 0;
  #pending: string[] = [];
  /** Changes since the snapshot of a compaction that runs; they belong into the new file as well. */
  #sinceSnapshot: string[] | undefined;
  #working: Promise<void> | undefined;
  #dirty = false;
  #failure: Error | undefined;
  readonly #syncTimer: NodeJS.Timeout;

  private constructor(folder: string, store: MemoryStore, options: JournalOptions) {
    this.#folder = folder;
    this.#store = store;
    this.#minimumChanges = options.minimumChanges ?? defaultMinimumChanges;
    this.#syncTimer = setInterval(() => this.#kick(), syncIntervalMs);
    this.#syncTimer.unref();
  }

  /** Loads what the folder holds into an empty store and records every change from now on. */
  static async open(folder: string, store: MemoryStore, options: JournalOptions = {}): Promise<Journal> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const journal = new Journal(folder, store, options);
    await journal.#load();
    await journal.#compact();
    store.onCommit((commit) => journal.#record(commit));
    return journal;
  }

  /** The error that stopped recording, if any; a store whose journal failed is not durable any more. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Resolves when everything so far is on the disk. */
  async flush(): Promise<void> {
    while (this.#failure === undefined && (this.#pending.length > 0 || this.#dirty || this.#working !== undefined)) {
      this.#kick();
      await this.#working;
    }
  }

  /** Writes what is left and closes the file. */
  async close(): Promise<void> {
    clearInterval(this.#syncTimer);
    await this.flush();
    await this.#file?.close();
    this.#file = undefined;
  }

  async #load(): Promise<void> {
    const names = (await readdir(this.#folder)).filter((name) => name.startsWith('state-'));
    const newest = names
      .filter((name) => filePattern.test(name))
      .sort()
      .at(-1);
    // Left over from a compaction that was cut off.
    for (const name of names) if (name !== newest) await rm(join(this.#folder, name));
    if (newest === undefined) return;
    this.#number = Number(filePattern.exec(newest)?.[1]);
    const lines = createInterface({
      input: createReadStream(this.#path(this.#number)),
      crlfDelay: Number.POSITIVE_INFINITY,
    });
    let revision = 0;
    for await (const text of lines) {
      const line = parseLine(text);
      if (line === undefined) break;
      revision = Math.max(revision, line.v);
      this.#restore(line);
    }
    this.#store.startAt(revision + revisionGap);
  }

  #restore({ r: resource, o: object, d: removed }: Line): void {
    if (object !== undefined) this.#store.collection(resource).restore(new ObjectVersion(object));
    else if (removed !== undefined) {
      const [namespace, name] = removed;
      this.#store.collection(resource).forget({ namespace, name });
    }
  }

  #path(number: number): string {
    return join(this.#folder, `state-${String(number).padStart(8, '0')}.ndjson`);
  }

  #record({ kind, event }: Commit): void {
    if (this.#failure !== undefined) return;
    const line = lineOf(resourceKey(kind), event.version, event.type === 'DELETED');
    this.#pending.push(line);
    this.#sinceSnapshot?.push(line);
    this.#changes += 1;
    if (this.#pending.length === 1) setImmediate(() => this.#kick());
  }

  #kick(): void {
    if (this.#working !== undefined || this.#failure !== undefined) return;
    if (this.#pending.length === 0 && !this.#dirty) return;
    this.#working = this.#work().finally(() => {
      this.#working = undefined;
      if (this.#pending.length > 0) this.#kick();
    });
  }

  async #work(): Promise<void> {
    try {
      await this.#write();
      if (this.#changes > Math.max(this.#minimumChanges, this.#snapshotSize * 2)) await this.#compact();
    } catch (error) {
      this.#failure = error as Error;
    }
  }

  async #write(): Promise<void> {
    const lines = this.#pending;
    this.#pending = [];
    if (lines.length > 0) {
      await this.#file?.appendFile(lines.join(''));
      this.#dirty = true;
      return;
    }
    this.#dirty = false;
    await this.#file?.datasync();
  }

  /** Writes the present state to a new file, appends what changed meanwhile, and lets it take the place of the old one. */
  async #compact(): Promise<void> {
    this.#sinceSnapshot = [];
    const objects = this.#store.collections().flatMap((collection) => {
      return collection.list('').map((version) => lineOf(collection.resource, version, false));
    });
    const head = `${JSON.stringify({ r: '', v: this.#store.revision } satisfies Line)}\n`;
    const next = this.#number + 1;
    const temporary = `${this.#path(next)}.part`;
    const file = await open(temporary, 'w', 0o600);
    await file.appendFile(head);
    for (let at = 0; at < objects.length; at += 1000) await file.appendFile(objects.slice(at, at + 1000).join(''));
    await file.datasync();
    const changed = this.#sinceSnapshot;
    this.#sinceSnapshot = undefined;
    // From here to the switch no turn may pass with changes in neither file: pending lines are part of `changed`.
    this.#pending = [...changed];
    await rename(temporary, this.#path(next));
    await this.#syncFolder();
    const old = this.#file;
    this.#file = file;
    await old?.close();
    await rm(this.#path(this.#number), { force: true });
    this.#number = next;
    this.#changes = changed.length;
    this.#snapshotSize = objects.length;
  }

  async #syncFolder(): Promise<void> {
    const folder = await open(this.#folder, 'r');
    await folder.sync();
    await folder.close();
  }
}

function lineOf(resource: string, version: ObjectVersion, removed: boolean): string {
  const revision = version.resourceVersion || '0';
  const head = `{"r":${JSON.stringify(resource)},"v":${revision}`;
  if (!removed) return `${head},"o":${version.json}}\n`;
  const { namespace = '', name } = version.object.metadata;
  return `${head},"d":${JSON.stringify([namespace, name])}}\n`;
}

function parseLine(text: string): Line | undefined {
  try {
    return JSON.parse(text) as Line;
  } catch {
    return undefined;
  }
}
