/**
 * Discovery documents: `/api`, `/apis`, `/apis/{group}`, `/apis/{group}/{version}` and the aggregated form. Built from
 * the registered kinds and custom routes, so a resource that is served is always discovered.
 */
import type { KindDefinition } from '../protocol/kind.ts';
import { apiVersionOf, singularOf, verbsOf } from '../protocol/kind.ts';
import type { Fields } from '../protocol/kube-object.ts';
import type { CustomRoute } from '../protocol/route.ts';

export interface DiscoverySource {
  kinds: KindDefinition[];
  routes: CustomRoute[];
}

interface SubresourceEntry {
  subresource: string;
  group: string;
  version: string;
  kind: string;
  verbs: string[];
}

interface ResourceEntry {
  plural: string;
  singular: string;
  kind: string;
  namespaced: boolean;
  verbs: string[];
  shortNames: string[];
  categories: string[];
  subresources: SubresourceEntry[];
}

/** Everything served under one group and version. */
interface VersionEntry {
  group: string;
  version: string;
  resources: ResourceEntry[];
}

function collect({ kinds, routes }: DiscoverySource): VersionEntry[] {
  const versions = new Map<string, VersionEntry>();
  const entryOf = (group: string, version: string): VersionEntry => {
    const key = `${group}/${version}`;
    const entry = versions.get(key) ?? { group, version, resources: [] };
    versions.set(key, entry);
    return entry;
  };
  for (const kind of kinds) entryOf(kind.group, kind.version).resources.push(kindEntry(kind));
  for (const route of routes) addRoute(entryOf(route.group, route.version), route);
  return [...versions.values()];
}

function kindEntry(kind: KindDefinition): ResourceEntry {
  const own = { group: kind.group, version: kind.version, kind: kind.kind };
  const status = { subresource: 'status', ...own, verbs: ['get', 'patch', 'update'] };
  const others = Object.entries(kind.subresources ?? {}).map(([subresource, definition]) => ({
    subresource,
    group: definition.group ?? kind.group,
    version: definition.version ?? kind.version,
    kind: definition.kind ?? kind.kind,
    verbs: definition.verbs,
  }));
  return {
    plural: kind.plural,
    singular: singularOf(kind),
    kind: kind.kind,
    namespaced: kind.namespaced,
    verbs: [...verbsOf(kind)],
    shortNames: kind.shortNames ?? [],
    categories: kind.categories ?? [],
    subresources: kind.statusSubresource ? [status, ...others] : others,
  };
}

function addRoute(version: VersionEntry, route: CustomRoute): void {
  let resource = version.resources.find((known) => known.plural === route.resource);
  if (resource === undefined) {
    resource = {
      plural: route.resource,
      singular: route.subresource === undefined ? route.kind.toLowerCase() : '',
      kind: route.subresource === undefined ? route.kind : '',
      namespaced: route.namespaced,
      verbs: route.subresource === undefined ? route.verbs : [],
      shortNames: [],
      categories: [],
      subresources: [],
    };
    version.resources.push(resource);
  }
  if (route.subresource === undefined) return;
  const { subresource, group, version: apiVersion, kind, verbs } = route;
  resource.subresources.push({ subresource, group, version: apiVersion, kind, verbs });
}

/** `/apis`: all groups but the core one. */
export function groupList(source: DiscoverySource): Fields {
  const groups = groupsOf(collect(source)).filter(({ name }) => name !== '');
  return {
    kind: 'APIGroupList',
    apiVersion: 'v1',
    groups: groups.map(({ name, versions }) => groupFields(name, versions)),
  };
}

/** `/apis/{group}`; undefined when nothing of the group is served. */
export function groupDocument(source: DiscoverySource, group: string): Fields | undefined {
  const found = groupsOf(collect(source)).find(({ name }) => name === group);
  if (found === undefined || group === '') return undefined;
  return { kind: 'APIGroup', apiVersion: 'v1', ...groupFields(group, found.versions) };
}

function groupsOf(versions: VersionEntry[]): { name: string; versions: VersionEntry[] }[] {
  const names = [...new Set(versions.map(({ group }) => group))];
  return names.map((name) => ({ name, versions: versions.filter(({ group }) => group === name) }));
}

function groupFields(name: string, versions: VersionEntry[]): Fields {
  const named = versions.map((each) => ({ groupVersion: apiVersionOf(each), version: each.version }));
  return { name, versions: named, preferredVersion: named[0] };
}

/** `/api/v1` and `/apis/{group}/{version}`; undefined when it is not served. */
export function resourceList(source: DiscoverySource, group: string, version: string): Fields | undefined {
  const found = collect(source).find((each) => each.group === group && each.version === version);
  if (found === undefined) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: apiVersionOf(found),
    resources: found.resources.flatMap((resource) => plainResources(resource, found)),
  };
}

function plainResources(resource: ResourceEntry, at: VersionEntry): Fields[] {
  const own: Fields[] =
    resource.kind === ''
      ? []
      : [
          {
            name: resource.plural,
            singularName: resource.singular,
            namespaced: resource.namespaced,
            kind: resource.kind,
            verbs: resource.verbs,
            ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
            ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
          },
        ];
  const nested = resource.subresources.map((each) => ({
    name: `${resource.plural}/${each.subresource}`,
    singularName: '',
    namespaced: resource.namespaced,
    ...(each.group === at.group && each.version === at.version ? {} : { group: each.group, version: each.version }),
    kind: each.kind,
    verbs: each.verbs,
  }));
  return [...own, ...nested];
}

/** The aggregated form, for `/api` (core group only) or `/apis` (all others). */
export function aggregatedDiscovery(source: DiscoverySource, core: boolean, version: string): Fields {
  const groups = groupsOf(collect(source)).filter(({ name }) => (name === '') === core);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map(({ name, versions }) => ({
      metadata: name === '' ? {} : { name },
      versions: versions.map((each) => ({
        version: each.version,
        resources: each.resources.map(aggregatedResource(each)),
        freshness: 'Current',
      })),
    })),
  };
}

function aggregatedResource(at: VersionEntry): (resource: ResourceEntry) => Fields {
  return (resource) => ({
    resource: resource.plural,
    responseKind: { group: at.group, version: at.version, kind: resource.kind },
    scope: resource.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: resource.singular,
    verbs: resource.verbs,
    ...(resource.shortNames.length === 0 ? {} : { shortNames: resource.shortNames }),
    ...(resource.categories.length === 0 ? {} : { categories: resource.categories }),
    ...(resource.subresources.length === 0
      ? {}
      : {
          subresources: resource.subresources.map((each) => ({
            subresource: each.subresource,
            responseKind: { group: each.group, version: each.version, kind: each.kind },
            verbs: each.verbs,
          })),
        }),
  });
}
