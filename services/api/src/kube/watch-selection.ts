/**
 * What one watch has shown, as far as that decides what a change means to it: entering the selection is ADDED, leaving
 * it is DELETED. Remembers one bit for each object, and nothing when nothing selected can change.
 */
import { type KubeObject, matches, type Selection, type WatchEvent } from '@compute/kube-wire';

type EventType = WatchEvent['type'];

export class WatchSelection {
  readonly #selection: Selection;
  readonly #known = new Map<string, boolean>();

  constructor(selection: Selection) {
    this.#selection = selection;
  }

  /** Whether an object can enter or leave the selection: its labels and its status change, its name does not. */
  get canChange(): boolean {
    const { labels, fields } = this.#selection;
    return labels.length > 0 || fields.some(({ path }) => !path.startsWith('metadata.'));
  }

  /** Notes how an object stood where the watch begins. */
  learn(object: KubeObject): void {
    this.#known.set(uidOf(object), matches(this.#selection, object));
  }

  /** The event to show, or undefined when the change is of no concern. */
  typeOf(type: EventType, object: KubeObject): EventType | undefined {
    const now = matches(this.#selection, object);
    if (!this.canChange) return now ? type : undefined;
    const before = this.#before(type, object, now);
    if (type === 'DELETED') this.#known.delete(uidOf(object));
    else this.#known.set(uidOf(object), now);
    if (type === 'DELETED') return before ? 'DELETED' : undefined;
    if (now) return before ? type : 'ADDED';
    return before ? 'DELETED' : undefined;
  }

  /**
   * An object that changed between the position and the beginning of the watch may have been shown before: its going
   * is told rather than kept back. A deletion changes nothing that selects, so the last state tells.
   */
  #before(type: EventType, object: KubeObject, now: boolean): boolean {
    return this.#known.get(uidOf(object)) ?? (type === 'DELETED' ? now : type !== 'ADDED');
  }
}

const uidOf = ({ metadata }: KubeObject): string => metadata.uid ?? '';
