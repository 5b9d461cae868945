/**
 * What an object showed over its life, as tracks: one for each fact (phase, printableStatus, each condition), each the sequence
 * of its different values. Tracks instead of whole versions, because which two facts change in one write is a race also among
 * the real controllers. Names, uids, addresses and times are taken out. Pure.
 */
import type { KubeObject } from '@compute/kube-client';

/** Of one object: fact to its values in their order. */
export type Tracks = Readonly<Record<string, readonly string[]>>;
/** Of one story: object, such as `VirtualMachine v (2)` for its second incarnation, to its tracks. */
export type Trace = Readonly<Record<string, Tracks>>;

/** One write that somebody saw. */
export interface Sight {
  readonly kind: string;
  readonly isGone: boolean;
  readonly object: Seen;
}

/** As much of the objects as is read here. */
export interface Seen extends KubeObject {
  readonly spec?: { readonly runStrategy?: string };
  readonly status?: {
    readonly phase?: string;
    readonly printableStatus?: string;
    readonly created?: boolean;
    readonly ready?: boolean;
    readonly progress?: string;
    readonly restartCount?: number;
    readonly capacity?: { readonly storage?: string };
    readonly conditions?: readonly Condition[];
    readonly volumeStatus?: readonly { readonly name: string; readonly phase?: string }[];
  };
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly source?: { readonly component?: string };
  readonly involvedObject?: { readonly kind?: string; readonly name?: string };
}

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

type Facts = Readonly<Record<string, string>>;

/** A fact that is not there. */
const ABSENT = '-';
/** Who tells events that are compared. The players are the same hands on both sides. */
const TELLERS = /^(datavolume|import|clone|upload|virtualmachine|.*-populator|.*-controller$)/;

const FACTS: Readonly<Record<string, (object: Seen) => Facts>> = {
  VirtualMachine: ({ spec, status }) => ({
    printableStatus: status?.printableStatus ?? ABSENT,
    created: shown(status?.created),
    ready: shown(status?.ready),
    runStrategy: spec?.runStrategy ?? ABSENT,
    ...conditionsOf(status?.conditions),
  }),
  VirtualMachineInstance: ({ status }) => ({
    phase: status?.phase || ABSENT,
    ...conditionsOf(status?.conditions),
    ...Object.fromEntries((status?.volumeStatus ?? []).map(({ name, phase }) => [`volume ${name}`, phase || ABSENT])),
  }),
  DataVolume: ({ status }) => ({
    phase: status?.phase || ABSENT,
    progress: progressOf(status?.progress),
    restarts: shown(status?.restartCount),
    ...conditionsOf(status?.conditions),
  }),
  PersistentVolumeClaim: ({ status }) => ({
    phase: status?.phase ?? ABSENT,
    capacity: status?.capacity?.storage ?? ABSENT,
  }),
  Pod: ({ status }) => ({ phase: status?.phase ?? ABSENT }),
};

/** All sights of one story as its trace; the namespace's name is taken out of messages. */
export function traceOf(sights: readonly Sight[], namespace: string): Trace {
  const named = new Names(namespace);
  const versions = new Map<string, Facts[]>();
  const told = new Map<string, Set<string>>();
  for (const { kind, object, isGone } of sights) {
    if (kind === 'Event') {
      tell(told, object, named);
      continue;
    }
    const label = named.labelOf(kind, object);
    const life = isGone ? 'gone' : object.metadata.deletionTimestamp === undefined ? 'here' : 'deleting';
    const facts = FACTS[kind]?.(object) ?? {};
    const before = versions.get(label) ?? [{ ...mapped(facts, () => ABSENT), life: ABSENT }];
    // The last version of what is gone shows nothing new but that.
    const now = isGone ? { ...before.at(-1), life } : { ...mapped(facts, (text) => named.clean(text)), life };
    versions.set(label, [...before, now]);
  }
  return {
    ...Object.fromEntries([...versions].map(([label, seen]) => [label, tracksOf(seen)])),
    ...Object.fromEntries([...told].map(([label, events]) => [`Events of ${label}`, eventTracks(events)])),
  };
}

function tell(told: Map<string, Set<string>>, { type, reason, message, source, involvedObject }: Seen, named: Names) {
  if (!TELLERS.test(source?.component ?? '')) return;
  const label = `${involvedObject?.kind} ${named.clean(involvedObject?.name ?? '')}`;
  const events = told.get(label) ?? new Set();
  told.set(label, events.add(`${type} ${reason}: ${named.clean(message ?? '')}`));
}

/** How often and in which order they are told is chance, so each is a fact of its own. */
function eventTracks(events: ReadonlySet<string>): Tracks {
  return Object.fromEntries([...events].map((event) => [event, ['told']]));
}

function tracksOf(versions: readonly Facts[]): Tracks {
  const facts = [...new Set(versions.flatMap((version) => Object.keys(version)))].sort();
  return Object.fromEntries(facts.map((fact) => [fact, changes(versions.map((version) => version[fact] ?? ABSENT))]));
}

/** Without repetitions. */
export function changes(values: readonly string[]): string[] {
  return values.filter((value, index) => value !== values[index - 1]);
}

/** Takes out of texts what differs between any two runs, and counts the incarnations of a name. */
class Names {
  readonly #namespace: string;
  readonly #uids = new Map<string, string[]>();

  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  labelOf(kind: string, { metadata }: KubeObject): string {
    const name = `${kind} ${this.clean(metadata.name)}`;
    const uids = this.#uids.get(name) ?? [];
    if (!uids.includes(metadata.uid ?? '')) uids.push(metadata.uid ?? '');
    this.#uids.set(name, uids);
    const incarnation = uids.indexOf(metadata.uid ?? '') + 1;
    return incarnation === 1 ? name : `${name} (${incarnation})`;
  }

  clean(text: string): string {
    return (
      text
        .replaceAll(this.#namespace, 'NS')
        // client-go's word for the eleventh of its kind.
        .replace('(combined from similar events): ', '')
        .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, 'UID')
        .replace(/\b(virt-launcher-[a-z]+|hp-volume)-[a-z0-9]{5}\b/g, '$1-X')
        .replace(/\b(images\.invalid|quay\.io)\/[\w./:-]+/g, 'IMAGE')
        .replace(/127\.0\.0\.1:\d+/g, 'ADDRESS')
        .replace(/\b\d{4}-\d{2}-\d{2}T[\d:.]+Z/g, 'TIME')
        .replace(/\s+/g, ' ')
    );
  }
}

function conditionsOf(conditions: readonly Condition[] = []): Facts {
  return Object.fromEntries(
    conditions.map(({ type, status, reason, message }) => [
      `condition ${type}`,
      [reason ? `${status}/${reason}` : status, ...(message ? [`"${message}"`] : [])].join(' '),
    ]),
  );
}

/** Which percent somebody caught is chance; that there was one is not. */
function progressOf(progress: string | undefined): string {
  if (progress === undefined || progress === '') return ABSENT;
  return /^\d/.test(progress) && progress !== '100.0%' ? 'percent' : progress;
}

function shown(value: boolean | number | undefined): string {
  return value === undefined ? ABSENT : String(value);
}

function mapped(facts: Facts, change: (text: string) => string): Facts {
  return Object.fromEntries(Object.entries(facts).map(([fact, text]) => [fact, change(text)]));
}
