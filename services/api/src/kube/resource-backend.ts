/**
 * Our resources behind the Kubernetes protocol: every verb is a call of the application services, so that rules, quota,
 * history and access are those of the other faces. Made for one request, on behalf of its caller.
 */
import { etagOf } from '@compute/contract';
import type { AnyResource, Kind } from '@compute/domain';
import {
  type Change,
  conflict,
  type DeleteOptions,
  type DeleteResult,
  forbidden,
  type KindDefinition,
  type KubeObject,
  type ListPage,
  type ListQuery,
  type ObjectKey,
  type ObjectVersion,
  type ResourceBackend,
  type WatchHandle,
  type WatchQuery,
  type WatchSink,
  type WriteOptions,
} from '@compute/kube-wire';
import { mayWrite } from '../application/access-rules.ts';
import type { ApiParts } from '../application/api-parts.ts';
import type { Accepted, ResourceService } from '../application/resource-service.ts';
import type { OpenStreams } from '../open-streams.ts';
import { guarded, type NoteFault, statusOf } from './guarded.ts';
import type { KubeCaller } from './kube-caller.ts';
import { manifestOf, versionOf } from './kube-object.ts';
import { RESOURCE_KINDS } from './resource-kinds.ts';
import { ResourceList } from './resource-list.ts';
import { watchResources } from './resource-watch.ts';
import { warningTexts } from './warning-texts.ts';

export interface ResourceBackendParts {
  readonly kind: Kind;
  readonly parts: ApiParts;
  readonly caller: KubeCaller;
  readonly streams: OpenStreams;
  readonly note: NoteFault;
}

/** An edit turned out to change nothing: there is nothing to check and nothing to write. */
class NothingToWrite extends Error {
  readonly current: ObjectVersion;

  constructor(current: ObjectVersion) {
    super('nothing to write');
    this.current = current;
  }
}

export class KubeResourceBackend implements ResourceBackend {
  readonly #parts: ResourceBackendParts;
  readonly #definition: KindDefinition;
  readonly #service: ResourceService<Kind>;
  readonly #list: ResourceList;

  constructor(parts: ResourceBackendParts) {
    this.#parts = parts;
    this.#definition = RESOURCE_KINDS[parts.kind];
    const services: { readonly [K in Kind]: unknown } = {
      VMInstance: parts.parts.instances,
      VMDisk: parts.parts.disks,
    };
    // The kind says which; what goes in and out is checked by the service itself.
    this.#service = services[parts.kind] as ResourceService<Kind>;
    this.#list = new ResourceList(this.#service, parts.parts, parts.caller.context);
  }

  get({ namespace, name }: ObjectKey): Promise<ObjectVersion | undefined> {
    return this.#guarded(name, async () => {
      const found = await this.#service.find(this.#parts.caller.context, namespace, name);
      return found && versionOf(found);
    });
  }

  list(query: ListQuery): Promise<ListPage> {
    return this.#guarded('', () => this.#list.page(query));
  }

  create(object: KubeObject, options: WriteOptions): Promise<ObjectVersion> {
    const { name, namespace = '' } = object.metadata;
    // One that comes without a name is refused by the service.
    return this.#guarded(typeof name === 'string' ? name : '', async () => {
      const request = { dryRun: options.dryRun, keepsOwners: true } as const;
      const manifest = manifestOf(object);
      return accepted(await this.#service.create(this.#parts.caller.context, namespace, manifest, request), options);
    });
  }

  update({ namespace, name }: ObjectKey, change: Change, options: WriteOptions): Promise<ObjectVersion> {
    return this.#guarded(name, async () => {
      mayWrite(this.#parts.caller.context, namespace);
      if (options.subresource !== undefined)
        throw forbidden(this.#definition, name, 'the status is what was observed; nobody else writes it');
      const request = { dryRun: options.dryRun, keepsOwners: true } as const;
      try {
        const { context } = this.#parts.caller;
        const edit = (before: AnyResource) => editOf(before, change);
        return accepted(await this.#service.edit(context, namespace, name, edit, request, []), options);
      } catch (error) {
        if (error instanceof NothingToWrite) return error.current;
        throw error;
      }
    });
  }

  delete({ namespace, name }: ObjectKey, options: DeleteOptions): Promise<DeleteResult> {
    return this.#guarded(name, async () => {
      const { context } = this.#parts.caller;
      mayWrite(context, namespace);
      const before = await this.#service.get(context, namespace, name);
      const isBound = options.uid !== undefined || options.resourceVersion !== undefined;
      this.#checkPreconditions(versionOf(before), options);
      const request = { dryRun: options.dryRun, ...(isBound ? { ifMatch: etagOf(before) } : {}) };
      const version = accepted(await this.#service.delete(context, namespace, name, request), options);
      // It stays until the cluster is empty of it; the end is a DELETED event.
      return { version, gone: false };
    });
  }

  #checkPreconditions(current: ObjectVersion, { uid, resourceVersion }: DeleteOptions): void {
    const { name, uid: present } = current.object.metadata;
    if (uid !== undefined && uid !== present) {
      const why = `the UID in the precondition (${uid}) does not match the UID in record (${present}). The object might have been deleted and then recreated`;
      throw conflict(this.#definition, name, why);
    }
    if (resourceVersion === undefined || current.isEditableFrom(resourceVersion)) return;
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${current.resourceVersion}). The object might have been modified`;
    throw conflict(this.#definition, name, why);
  }

  watch(query: WatchQuery, sink: WatchSink): Promise<WatchHandle> {
    const { kind, caller, parts, streams, note } = this.#parts;
    const toStatus = (error: unknown): Error => statusOf(error, this.#subject(''), note);
    const watch = { kind, caller, watches: parts.watch, list: this.#list, streams, toStatus };
    return this.#guarded('', () => watchResources(watch, query, sink));
  }

  #guarded<T>(name: string, work: () => Promise<T>): Promise<T> {
    return guarded(this.#subject(name), this.#parts.note, work);
  }

  #subject(name: string) {
    const { group, kind, plural } = this.#definition;
    return { group, kind, plural, name };
  }
}

function editOf(before: AnyResource, change: Change): unknown {
  const current = versionOf(before);
  const next = change(current);
  if (next === current.object) throw new NothingToWrite(current);
  return manifestOf(next);
}

/** What became of it, with its warnings on their way. */
function accepted(done: Accepted, { warn }: WriteOptions): ObjectVersion {
  for (const text of warningTexts(done)) warn?.(text);
  return versionOf(done.resource);
}
