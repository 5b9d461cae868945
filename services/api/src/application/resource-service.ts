/**
 * What a caller may ask of one resource, the same for every kind: create, read, change, delete. Writes only what is
 * wanted; a worker makes it so. Every face calls these methods, so validation, quota and history cannot differ.
 */
import {
  type AnyDesired,
  type Checked,
  type CheckSettings,
  checkManifestOf,
  type Desired,
  faultOf,
  type ListText,
  listTerms,
  type PlainObject,
  patched,
  type QuotaEffect,
  type TokenSigner,
} from '@compute/contract';
import {
  type AnyResource,
  type Claim,
  Fault,
  isFault,
  type Kind,
  type ResourceOf,
  type Warning,
} from '@compute/domain';
import { type LogContext, noteIds } from '@compute/runtime';
import type { RequestDeletionCommand, Store, WantCommand, WriteCommand, WriteOutcome } from '@compute/store';
import { mayRead, mayWrite } from './access-rules.ts';
import { changeWarnings } from './change-warnings.ts';
import { diskWarnings, namedDisks } from './disk-warnings.ts';
import { type EditTurns, turnOf } from './edit-turns.ts';
import { refuseHeldDisk } from './held-disk.ts';
import { KIND_POLICIES } from './kind-policy.ts';
import { demandedVersion } from './preconditions.ts';
import type { ProjectService } from './project-service.ts';
import { claimsOfDeletion, quotaEffectOf } from './quota-effect.ts';
import type { RequestContext, WriteOptions } from './request-context.ts';
import { type PageRequest, signedPage } from './service-parts.ts';
import type { SourceGuard } from './source-guard.ts';
import { attribution, createCommand, idempotency, owners, wantCommand } from './wishes.ts';

/** How often an edit without a precondition is repeated on what somebody else has just written. */
const MAX_EDIT_ATTEMPTS = 5;

/** What became of a request that changes something. */
export interface Accepted<K extends Kind = Kind> {
  readonly outcome: 'created' | 'configured' | 'unchanged' | 'deleting';
  readonly resource: ResourceOf[K];
  /** Absent when there is nothing to wait for. */
  readonly operationId?: string;
  readonly warnings: readonly Warning[];
  /** The answer to an earlier request with the same idempotency key. */
  readonly replayed: boolean;
  readonly dryRun: boolean;
  /** Of a dry run: the counters of the project that would change. */
  readonly quota: readonly QuotaEffect[];
}

/** What a verb of the store has done, or would do. */
type Done = Pick<WriteOutcome, 'outcome' | 'replayed'> & {
  readonly resource: unknown;
  readonly operationId?: string;
  readonly quota?: readonly QuotaEffect[];
};

export interface ListRequest extends ListText, PageRequest {
  /** The list as it was then; absent: as it is now. */
  readonly asOf?: Date | undefined;
}

export interface ResourcePage<K extends Kind> {
  readonly items: readonly ResourceOf[K][];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

/** How an edit makes the new manifest of what is stored. */
export type Edit<K extends Kind> = (before: ResourceOf[K]) => unknown;

/** The record of owners after an edit of a face that keeps none itself; undefined where there is none. */
export type RecordEdit = (before: AnyResource, after: AnyDesired, manager: string) => readonly object[] | undefined;

export interface ResourceServiceParts {
  readonly store: Store;
  readonly projects: ProjectService;
  readonly sources: SourceGuard;
  readonly signer: TokenSigner;
  readonly settings: CheckSettings;
  readonly recordEdit: RecordEdit;
  /** Shared by everything that edits. */
  readonly turns: EditTurns;
}

export class ResourceService<K extends Kind> {
  readonly kind: K;
  readonly #parts: ResourceServiceParts;

  constructor(kind: K, parts: ResourceServiceParts) {
    this.kind = kind;
    this.#parts = parts;
  }

  /** Throws `InvalidArgument` with every problem, `AlreadyExists`, `QuotaExceeded`, `DiskInUse`. */
  async create(
    context: RequestContext,
    project: string,
    manifest: unknown,
    options: WriteOptions,
  ): Promise<Accepted<K>> {
    mayWrite(context, project);
    const checked = checkManifestOf(this.kind, manifest, { project, kind: this.kind }, this.#parts.settings);
    const { value: desired, warnings } = await this.#accept(checked);
    const command = {
      ...createCommand(context, project, desired, this.#parts.settings.catalogue),
      ...owners(options, manifest),
      ...idempotency(options, ['create', project, desired]),
    };
    const done = options.dryRun
      ? await this.#rehearse(project, { verb: 'create', ...command } as WriteCommand, {})
      : await this.#parts.store.create(command);
    return this.#answer(
      done,
      [...warnings, ...(await this.#diskWarnings(done.resource as ResourceOf[K], options))],
      options,
    );
  }

  /** With `asOf` as it was then, also when it has been deleted since. */
  async get(context: RequestContext, project: string, name: string, asOf?: Date): Promise<ResourceOf[K]> {
    mayRead(context, project);
    if (asOf === undefined) return this.#load(project, name);
    const found = await this.#parts.store.getAsOf(this.kind, project, name, asOf);
    return found ?? this.#missing(name, `There was no ${KIND_POLICIES[this.kind].title}`, ` at ${asOf.toISOString()}`);
  }

  /** Undefined when there is none of that name. */
  async find(context: RequestContext, project: string, name: string): Promise<ResourceOf[K] | undefined> {
    mayRead(context, project);
    return this.#parts.store.get(this.kind, project, name);
  }

  async list(context: RequestContext, project: string, request: ListRequest): Promise<ResourcePage<K>> {
    mayRead(context, project);
    await this.#parts.projects.mustExist(context, project);
    const { signer, store } = this.#parts;
    const { asOf, labelSelector = '', filter = '', orderBy = '', fields = '' } = request;
    const terms = listTerms(this.kind, request);
    const subject = `list/${JSON.stringify([this.kind, project, labelSelector, filter, orderBy, fields, asOf])}`;
    const { items, next = '' } = await signedPage(signer, subject, request, (bounds) =>
      store.list({ kind: this.kind, project, asOf, ...terms, ...bounds }),
    );
    return { items, nextPageToken: next };
  }

  /** Changes what the merge patch names. */
  patch(
    context: RequestContext,
    project: string,
    name: string,
    patch: PlainObject,
    options: WriteOptions,
  ): Promise<Accepted<K>> {
    return this.edit(context, project, name, (before) => patched(before, patch), options, ['patch', patch]);
  }

  /** Makes the whole settable part what the manifest says. */
  replace(
    context: RequestContext,
    project: string,
    name: string,
    manifest: unknown,
    options: WriteOptions,
  ): Promise<Accepted<K>> {
    return this.edit(context, project, name, () => manifest, options, ['replace', manifest]);
  }

  /** Tries a failed resource again: a new generation of an unchanged spec. */
  retry(context: RequestContext, project: string, name: string, options: WriteOptions): Promise<Accepted<K>> {
    return this.ask(context, project, name, options, 'retry', () => ({ retry: true }));
  }

  /** Asks for something that is no field of the spec. `verb` makes the request what it is, for idempotency. */
  protected async ask(
    context: RequestContext,
    project: string,
    name: string,
    options: WriteOptions,
    verb: string,
    wish: (before: ResourceOf[K]) => Pick<WantCommand<K>, 'retry' | 'cancel' | 'power'>,
  ): Promise<Accepted<K>> {
    mayWrite(context, project);
    const before = await this.#load(project, name);
    const command = {
      ...attribution(context),
      target: { uid: before.uid, project: before.project },
      ...expectedVersion(before, options),
      ...wish(before),
      ...idempotency(options, [verb, project, name]),
    };
    const done = options.dryRun
      ? await this.#rehearse(project, { verb: 'want', ...command } as WriteCommand, before.claim)
      : await this.#parts.store.want<K>(command);
    return this.#answer(done, [], options);
  }

  /** Asks for the deletion. Asking again changes nothing. Throws `DiskInUse` for a disk that a machine has. */
  async delete(
    context: RequestContext,
    project: string,
    name: string,
    options: WriteOptions & { readonly withDisks?: boolean },
  ): Promise<Accepted<K>> {
    mayWrite(context, project);
    const before = await this.#load(project, name);
    await refuseHeldDisk(this.#parts.store, before);
    const command = {
      ...attribution(context),
      target: { uid: before.uid, project },
      ...expectedVersion(before, options),
      withDisks: options.withDisks ?? false,
      ...idempotency(options, ['delete', project, name, options.withDisks ?? false]),
    };
    const done = options.dryRun
      ? await this.#rehearseDeletion(before, command)
      : await this.#parts.store.requestDeletion<K>(command);
    return this.#answer(done, [], options);
  }

  async #load(project: string, name: string): Promise<ResourceOf[K]> {
    const found = await this.#parts.store.get(this.kind, project, name);
    return found ?? this.#missing(name, `There is no ${KIND_POLICIES[this.kind].title}`);
  }

  #missing(name: string, what: string, when = ''): never {
    const resource = { kind: this.kind, name };
    throw new Fault('NotFound', `${what} '${name.slice(0, 63)}'${when}.`, { resource });
  }

  /**
   * Changes a resource as a function of what is stored says. `request` is what makes the request what it is, beside
   * its address, for idempotency. `power` is what the edit asks for that no spec can say.
   */
  async edit(
    context: RequestContext,
    project: string,
    name: string,
    edit: Edit<K>,
    options: WriteOptions & Pick<WantCommand<K>, 'power'>,
    request: readonly unknown[],
  ): Promise<Accepted<K>> {
    mayWrite(context, project);
    const attempts = () => this.#editNewest(context, project, name, edit, options, request);
    // Who says which version to change is refused at once when it is another.
    if (options.ifMatch !== undefined) return attempts();
    return this.#parts.turns.take([turnOf(this.kind, project, name)], attempts);
  }

  async #editNewest(
    context: RequestContext,
    project: string,
    name: string,
    edit: Edit<K>,
    options: WriteOptions & Pick<WantCommand<K>, 'power'>,
    request: readonly unknown[],
  ): Promise<Accepted<K>> {
    for (let attempt = 1; ; attempt += 1) {
      const before = await this.#load(project, name);
      const expected = expectedVersion(before, options);
      try {
        const wish = options.power === undefined ? {} : { power: options.power };
        const command = { ...expected, ...wish, ...idempotency(options, [project, name, ...request]) };
        return await this.#want(context, before, edit(before), command, options);
      } catch (error) {
        // Somebody wrote between reading and writing. Who did not say which version to change gets the newest.
        const isLost = isFault(error, 'PreconditionFailed') || isFault(error, 'Stale');
        const isFinal = options.ifMatch !== undefined || before.deletionRequestedAt !== undefined;
        if (!isLost || isFinal || attempt >= MAX_EDIT_ATTEMPTS) throw error;
      }
    }
  }

  async #want(
    context: RequestContext,
    before: ResourceOf[K],
    manifest: unknown,
    terms: Pick<WantCommand<K>, 'expectedSpecVersion' | 'idempotency' | 'power'>,
    options: WriteOptions,
  ): Promise<Accepted<K>> {
    const expected = { project: before.project, kind: this.kind, name: before.name, before };
    const checked = checkManifestOf(this.kind, manifest, expected, this.#parts.settings);
    const { value: desired, warnings } = await this.#accept(checked);
    const command = {
      ...wantCommand(context, before, desired, this.#parts.settings.catalogue),
      ...this.#ownersAfter(context, before, desired as AnyDesired, manifest, options),
      ...terms,
    };
    const later = await changeWarnings(this.#parts.store, before, desired as AnyDesired);
    const done = options.dryRun
      ? await this.#rehearse(before.project, { verb: 'want', ...command } as WriteCommand, before.claim)
      : await this.#parts.store.want<K>(command);
    return this.#answer(
      done,
      [...warnings, ...later, ...(await this.#diskWarnings(done.resource as ResourceOf[K], options))],
      options,
    );
  }

  /** The face that keeps the record has it in its manifest; an edit of another one is entered. */
  #ownersAfter(
    { origin }: RequestContext,
    before: AnyResource,
    desired: AnyDesired,
    manifest: unknown,
    options: WriteOptions,
  ): Pick<WantCommand, 'managedFields'> {
    if (options.keepsOwners) return owners(options, manifest);
    const managedFields = this.#parts.recordEdit(before, desired, origin.face);
    return managedFields === undefined ? {} : { managedFields };
  }

  /** What was checked, or the fault that names everything. */
  async #accept(checked: Checked<Desired<K>>): Promise<{ value: Desired<K>; warnings: readonly Warning[] }> {
    if (!checked.ok) throw faultOf(checked.problems, 'The manifest');
    const problems = await this.#parts.sources.problemsOf(checked.value as AnyDesired);
    if (problems.length > 0) throw faultOf(problems, 'The manifest');
    return checked;
  }

  /** Decides everything and stores nothing. `held` is what the resource claims before. */
  async #rehearse(project: string, command: WriteCommand, held: Claim): Promise<Done> {
    const outcome = await this.#tried(command);
    const change = { before: held, after: outcome.resource.claim };
    return { ...outcome, quota: await quotaEffectOf(this.#parts.store, project, [change]) };
  }

  async #rehearseDeletion(before: AnyResource, command: RequestDeletionCommand): Promise<Done> {
    const outcome = await this.#tried({ verb: 'requestDeletion', ...command });
    const changes = await claimsOfDeletion(this.#parts.store, before, command.withDisks ?? false);
    return { ...outcome, quota: await quotaEffectOf(this.#parts.store, before.project, changes) };
  }

  async #tried(command: WriteCommand): Promise<WriteOutcome> {
    const { results } = await this.#parts.store.apply([command], { atomic: true, dryRun: true });
    const [result] = results;
    if (!result) throw new Fault('Internal', 'The rehearsal gave no result.');
    if (!result.ok) throw result.fault;
    return result.outcome;
  }

  async #diskWarnings(resource: ResourceOf[K], { dryRun }: WriteOptions): Promise<Warning[]> {
    const names = namedDisks(resource);
    if (names.length === 0) return [];
    const { store } = this.#parts;
    const isMachine = resource.kind === 'VMInstance';
    const there =
      dryRun || !isMachine
        ? await Promise.all(names.map((name) => store.get('VMDisk', resource.project, name)))
        : await store.disksOfVm(resource.uid);
    const disks = there.flatMap((disk) => disk ?? []);
    return diskWarnings(resource, disks, this.#parts.settings.catalogue);
  }

  #answer(done: Done, warnings: readonly Warning[], options: WriteOptions): Accepted<K> {
    noteIds(idsOf(done));
    return {
      outcome: done.outcome,
      resource: done.resource as ResourceOf[K],
      ...(done.operationId === undefined || options.dryRun ? {} : { operationId: done.operationId }),
      warnings,
      replayed: done.outcome !== 'deleting' && done.replayed,
      dryRun: options.dryRun,
      quota: done.quota ?? [],
    };
  }
}

function expectedVersion(before: AnyResource, options: WriteOptions): { readonly expectedSpecVersion?: number } {
  const demanded = demandedVersion(before, options);
  return demanded === undefined ? {} : { expectedSpecVersion: demanded };
}

/** What lines of the log say of the request from here on. */
function idsOf({ resource, operationId }: Done): LogContext {
  const { project, kind, name, uid } = resource as AnyResource;
  return { project, kind, name, uid, ...(operationId === undefined ? {} : { operationId }) };
}
