/**
 * Lists as Kubernetes pages them: `limit` and `continue`, over one namespace or all that the caller sees. The position
 * in the feed is taken before the first page and travels with the token, so that a watch from the list's
 * resourceVersion misses nothing that any page did not show.
 */
import type { Kind } from '@compute/domain';
import {
  badRequest,
  expired,
  type LabelRequirement,
  type ListPage,
  type ListQuery,
  matches,
  type ObjectVersion,
  type Selection,
} from '@compute/kube-wire';
import type { ApiParts } from '../application/api-parts.ts';
import type { RequestContext } from '../application/request-context.ts';
import type { ResourceService } from '../application/resource-service.ts';
import { versionOf } from './kube-object.ts';

const PAGE = 1000;

/** Where a list goes on. */
interface Place {
  readonly position: string;
  readonly project: string;
  readonly pageToken: string;
}

export class ResourceList {
  readonly #service: ResourceService<Kind>;
  readonly #parts: Pick<ApiParts, 'projects' | 'watch'>;
  readonly #context: RequestContext;

  constructor(service: ResourceService<Kind>, parts: Pick<ApiParts, 'projects' | 'watch'>, context: RequestContext) {
    this.#service = service;
    this.#parts = parts;
    this.#context = context;
  }

  async page(query: ListQuery): Promise<ListPage> {
    // Only the present state is kept.
    if (query.resourceVersionMatch === 'Exact') throw expired('The resourceVersion for the provided list is too old.');
    const projects = query.namespace === '' ? await this.#visibleProjects() : [query.namespace];
    const begin = query.continueToken === '' ? await this.#begin(projects) : placeOf(query.continueToken);
    return this.#walk(query, projects, begin);
  }

  async #begin([project]: readonly string[]): Promise<Place | undefined> {
    const position = await this.#parts.watch.position();
    return { position, project: project ?? '', pageToken: '' };
  }

  async #walk(query: ListQuery, projects: readonly string[], begin: Place | undefined): Promise<ListPage> {
    const items: ObjectVersion[] = [];
    let place = begin;
    const resourceVersion = begin?.position ?? '0';
    while (place && place.project !== '') {
      const size = query.limit === 0 ? PAGE : Math.min(PAGE, query.limit - items.length);
      const page = await this.#read(place, size, query.selection);
      items.push(...page.items.filter(({ object }) => matches(query.selection, object)));
      place = nextPlace(place, page.next, projects);
      if (place && query.limit > 0 && items.length >= query.limit)
        return { items, resourceVersion, continueToken: tokenOf(place) };
    }
    return { items, resourceVersion };
  }

  async #read({ project, pageToken }: Place, pageSize: number, selection: Selection) {
    const named = nameIn(selection);
    const request = { pageSize, pageToken, labelSelector: labelText(selection.labels) };
    // One object by its name is the commonest selection of all: `kubectl get -w` and `kubectl wait` ask so.
    const page =
      named === undefined
        ? await this.#service.list(this.#context, project, request)
        : { items: await this.#named(project, named), nextPageToken: '' };
    return { items: page.items.map(versionOf), next: page.nextPageToken };
  }

  async #named(project: string, name: string) {
    const found = await this.#service.find(this.#context, project, name);
    return found ? [found] : [];
  }

  /** In the order in which a list goes through them. */
  async #visibleProjects(): Promise<string[]> {
    const names: string[] = [];
    let token = '';
    do {
      const page = await this.#parts.projects.list(this.#context, PAGE, token);
      names.push(...page.items.map(({ name }) => name));
      token = page.next ?? '';
    } while (token !== '');
    return names;
  }
}

function nextPlace(place: Place, pageToken: string, projects: readonly string[]): Place | undefined {
  if (pageToken !== '') return { ...place, pageToken };
  const project = projects[projects.indexOf(place.project) + 1];
  const isLast = project === undefined || !projects.includes(place.project);
  return isLast ? undefined : { ...place, project, pageToken: '' };
}

function tokenOf({ position, project, pageToken }: Place): string {
  return Buffer.from(JSON.stringify([position, project, pageToken])).toString('base64url');
}

/** What a token says is checked where it is used: the project by the service, the page token by its signature. */
function placeOf(token: string): Place {
  try {
    const [position, project, pageToken] = JSON.parse(Buffer.from(token, 'base64url').toString()) as unknown[];
    if (typeof project === 'string' && typeof pageToken === 'string' && /^\d{1,15}$/.test(String(position)))
      return { position: String(position), project, pageToken };
  } catch {
    // Answered below, like any other token that is not ours.
  }
  throw badRequest('continue key is not valid');
}

/** The name that a field selector asks for. */
function nameIn({ fields }: Selection): string | undefined {
  return fields.find(({ path, negated }) => path === 'metadata.name' && !negated)?.value;
}

const FORMS: Readonly<Record<LabelRequirement['operator'], (requirement: LabelRequirement) => string | undefined>> = {
  in: ({ key, values }) => `${key} in (${values.join(',')})`,
  notin: ({ key, values }) => `${key} notin (${values.join(',')})`,
  exists: ({ key }) => key,
  absent: ({ key }) => `!${key}`,
  // The database does not know these; every page is matched once more anyway.
  gt: () => undefined,
  lt: () => undefined,
};

/** The label selector for the application services, as far as they know its operators. */
function labelText(labels: readonly LabelRequirement[]): string {
  return labels.flatMap((requirement) => FORMS[requirement.operator](requirement) ?? []).join(',');
}
