/**
 * History as Kubernetes events, for `kubectl describe` and `kubectl get events`: each transition is one event about its
 * resource. Unlike a cluster's, these outlive their resource and are never forgotten after an hour; a list without a
 * limit shows the newest.
 */
import { quotaEventSentence, quotaEventView } from '@compute/contract';
import { API_VERSION, KINDS, type Kind, type QuotaHistoryEntry, type Transition } from '@compute/domain';
import {
  clusterKinds,
  type KindDefinition,
  type ListPage,
  type ListQuery,
  matches,
  ObjectVersion,
  type Selection,
  type WatchHandle,
  type WatchQuery,
  type WatchSink,
} from '@compute/kube-wire';
import type { HistoryService } from '../application/history-service.ts';
import type { ProjectService } from '../application/project-service.ts';
import type { QuotaService } from '../application/quota-service.ts';
import type { RequestContext } from '../application/request-context.ts';
import { guarded, type NoteFault } from './guarded.ts';
import { kubeTime } from './kube-object.ts';
import { type Watcher, WHOLE, watchByPolling } from './polled-watch.ts';
import { ReadOnlyBackend } from './read-only-backend.ts';
import { readOnlyKind } from './read-only-kind.ts';

export const EVENT_KIND: KindDefinition = { ...readOnlyKind(clusterKinds, 'Event'), verbs: ['list', 'watch'] };

const MOST = 1000;
const SUBJECT = { group: '', kind: 'Event', plural: 'events', name: '' };

export interface EventSources {
  readonly history: HistoryService;
  readonly projects: ProjectService;
  readonly quota: QuotaService;
}

export class EventBackend extends ReadOnlyBackend {
  readonly #history: HistoryService;
  readonly #projects: ProjectService;
  readonly #quota: QuotaService;
  readonly #context: RequestContext;
  readonly #note: NoteFault;
  readonly #watcher: Watcher;

  constructor({ history, projects, quota }: EventSources, watcher: Watcher, note: NoteFault) {
    super();
    this.#history = history;
    this.#projects = projects;
    this.#quota = quota;
    this.#context = watcher.caller.context;
    this.#watcher = watcher;
    this.#note = note;
  }

  /** Oldest first, as they happened. */
  watch(query: WatchQuery, sink: WatchSink): Promise<WatchHandle> {
    const asked = { ...WHOLE, namespace: query.namespace, selection: query.selection };
    const read = async () => (await this.list(asked)).items.toReversed();
    return guarded(SUBJECT, this.#note, () => watchByPolling({ ...this.#watcher, read, forgets: false }, query, sink));
  }

  async get(): Promise<undefined> {
    return undefined;
  }

  list(query: ListQuery): Promise<ListPage> {
    return guarded(SUBJECT, this.#note, async () => {
      if (query.namespace !== '') return this.#page(query.namespace, query);
      const { items } = await this.#projects.list(this.#context, MOST, '');
      const pages = await Promise.all(items.map(({ name }) => this.#page(name, { ...query, continueToken: '' })));
      return { items: pages.flatMap((page) => page.items), resourceVersion: '1' };
    });
  }

  async #limitsOf(project: string, { fields }: Selection): Promise<ObjectVersion[]> {
    const isAboutAnother = fields.some(
      ({ path, negated, value }) => path === 'involvedObject.kind' && !negated && value !== 'Namespace',
    );
    if (isAboutAnother) return [];
    const asked = { project, type: 'ThresholdReached', pageSize: MOST_LIMITS, pageToken: '' } as const;
    return (await this.#quota.history(this.#context, asked)).items.map(limitEventOf);
  }

  async #page(project: string, { selection, limit, continueToken }: ListQuery): Promise<ListPage> {
    const page = await this.#history.list(this.#context, {
      project,
      ...about(selection),
      pageSize: limit === 0 ? MOST : Math.min(limit, MOST),
      pageToken: continueToken,
    });
    const limits = continueToken === '' ? await this.#limitsOf(project, selection) : [];
    const items = [...limits, ...page.items.map(eventOf)].filter(({ object }) => matches(selection, object));
    const next = limit === 0 || page.next === undefined ? {} : { continueToken: page.next };
    return { items, resourceVersion: '1', ...next };
  }
}

/** Thresholds of the quota: they are about the namespace, on the first page. */
const MOST_LIMITS = 50;

const UID = /^[0-9a-f-]{36}$/;

/** What of a field selector the history can look for itself. */
function about({ fields }: Selection): { kind?: Kind; name?: string; uid?: string } {
  const asked = (field: string) =>
    fields.find(({ path, negated }) => path === `involvedObject.${field}` && !negated)?.value;
  const kind = KINDS.find((known) => known === asked('kind'));
  const name = asked('name');
  const uid = asked('uid');
  return {
    ...(kind ? { kind } : {}),
    ...(name === undefined ? {} : { name }),
    ...(uid !== undefined && UID.test(uid) ? { uid } : {}),
  };
}

function eventOf(transition: Transition): ObjectVersion {
  const { uid, seq, kind, project, name, reason, actor } = transition;
  const at = kubeTime(transition.at);
  return new ObjectVersion({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${name}.${uid}.${seq}`, namespace: project, resourceVersion: '1', creationTimestamp: at },
    involvedObject: { apiVersion: API_VERSION, kind, namespace: project, name, uid },
    reason,
    message: textOf(transition),
    type: transition.to === 'Failed' ? 'Warning' : 'Normal',
    source: { component: actor },
    reportingComponent: actor,
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
  });
}

function limitEventOf(entry: QuotaHistoryEntry): ObjectVersion {
  const { project, seq, threshold, actor } = entry;
  const at = kubeTime(entry.at);
  return new ObjectVersion({
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${project}.quota.${seq}`, namespace: project, resourceVersion: '1', creationTimestamp: at },
    involvedObject: { apiVersion: 'v1', kind: 'Namespace', namespace: project, name: project },
    reason: threshold === 100 ? 'QuotaReached' : 'QuotaNearlyReached',
    message: quotaEventSentence(quotaEventView(entry)),
    type: 'Warning',
    source: { component: actor },
    reportingComponent: actor,
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
  });
}

/** `Phase Pending to Importing: The import began.` */
function textOf({ type, from, to, message }: Transition): string {
  const change = from === undefined ? `${type} ${to}` : `${type} ${from} to ${to}`;
  return message === '' ? change : `${change}: ${message}`;
}
