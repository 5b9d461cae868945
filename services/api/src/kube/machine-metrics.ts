/**
 * What machines use as the metrics API of Kubernetes tells it, for `kubectl top pod`: each machine that is on is one entry
 * with its own name, in the namespace of its project. There are no pods behind this face; kubectl asks for them only to
 * explain why a list of metrics is empty, so their list is empty, too.
 */
import {
  clusterKinds,
  type KindDefinition,
  type ListPage,
  type ListQuery,
  matches,
  methodNotAllowed,
  type ObjectKey,
  ObjectVersion,
} from '@compute/kube-wire';
import type { LatestPerformance } from '@compute/store';
import type { PerformanceService } from '../application/performance-service.ts';
import type { ProjectService } from '../application/project-service.ts';
import type { RequestContext } from '../application/request-context.ts';
import { guarded, type NoteFault } from './guarded.ts';
import { kubeTime } from './kube-object.ts';
import { ReadOnlyBackend } from './read-only-backend.ts';

const GROUP = 'metrics.k8s.io';

export const MACHINE_METRICS_KIND: KindDefinition = kindOf(GROUP, 'PodMetrics', ['get', 'list']);
export const POD_KIND: KindDefinition = kindOf('', 'Pod', ['list']);

const MOST = 1000;

interface Parts {
  readonly performance: PerformanceService;
  readonly projects: ProjectService;
}

export class MachineMetricsBackend extends ReadOnlyBackend {
  readonly #parts: Parts;
  readonly #context: RequestContext;
  readonly #note: NoteFault;

  constructor(parts: Parts, context: RequestContext, note: NoteFault) {
    super();
    this.#parts = parts;
    this.#context = context;
    this.#note = note;
  }

  get({ namespace, name }: ObjectKey): Promise<ObjectVersion | undefined> {
    return guarded(subject(name), this.#note, async () => {
      const [found] = await this.#parts.performance.latest(this.#context, namespace, name);
      return found && metricsOf(found);
    });
  }

  list({ namespace, selection }: ListQuery): Promise<ListPage> {
    return guarded(subject(''), this.#note, async () => {
      const projects = namespace === '' ? await this.#everyProject() : [namespace];
      const found = await Promise.all(projects.map((name) => this.#parts.performance.latest(this.#context, name)));
      const items = found
        .flat()
        .map(metricsOf)
        .filter(({ object }) => matches(selection, object));
      return { items, resourceVersion: '' };
    });
  }

  async watch(): Promise<never> {
    throw methodNotAllowed();
  }

  async #everyProject(): Promise<string[]> {
    const { items } = await this.#parts.projects.list(this.#context, MOST, '');
    return items.map(({ name }) => name);
  }
}

/** Nothing, of a project that the caller may see. */
export class NoPodsBackend extends ReadOnlyBackend {
  readonly #projects: ProjectService;
  readonly #context: RequestContext;
  readonly #note: NoteFault;

  constructor(projects: ProjectService, context: RequestContext, note: NoteFault) {
    super();
    this.#projects = projects;
    this.#context = context;
    this.#note = note;
  }

  async get(): Promise<undefined> {
    return undefined;
  }

  list({ namespace }: ListQuery): Promise<ListPage> {
    return guarded({ group: '', kind: 'Pod', plural: 'pods', name: '' }, this.#note, async () => {
      if (namespace === '') await this.#projects.list(this.#context, 1, '');
      else await this.#projects.get(this.#context, namespace);
      return { items: [], resourceVersion: '1' };
    });
  }

  async watch(): Promise<never> {
    throw methodNotAllowed();
  }
}

function kindOf(group: string, kind: string, verbs: KindDefinition['verbs'] & object): KindDefinition {
  const found = clusterKinds.find((known) => known.group === group && known.kind === kind);
  if (!found) throw new Error(`There is no kind ${kind}.`);
  const { admission: _admission, subresources: _subresources, holdsDeletion: _holds, ...rest } = found;
  return { ...rest, statusSubresource: false, verbs };
}

const subject = (name: string) => ({ group: GROUP, kind: 'PodMetrics', plural: 'pods', name });

function metricsOf({ project, name, labels, createdAt, at, figures }: LatestPerformance): ObjectVersion {
  const { cpuCores = 0, memoryBytes = 0 } = figures;
  const usage = { cpu: `${Math.round(cpuCores * 1e9)}n`, memory: `${Math.ceil(memoryBytes / 1024)}Ki` };
  return new ObjectVersion({
    apiVersion: `${GROUP}/v1beta1`,
    kind: 'PodMetrics',
    metadata: { name, namespace: project, creationTimestamp: kubeTime(createdAt), labels: { ...labels } },
    timestamp: kubeTime(at),
    window: '30s',
    containers: [{ name: 'machine', usage }],
  });
}
