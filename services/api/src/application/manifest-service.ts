/**
 * Applies many manifests in one request, in any order: each becomes created, configured, unchanged, or its errors.
 * By default all or nothing, in one transaction.
 */
import {
  type AnyDesired,
  type Checked,
  type CheckSettings,
  checkManifest,
  type Documents,
  faultOf,
  type ParsedDocument,
  type QuotaEffect,
} from '@compute/contract';
import { type AnyResource, Fault, type FaultCode, type Kind, type ResourceOf, type Warning } from '@compute/domain';
import { claimOfBoth, type Store, type WriteCommand, type WriteOutcome } from '@compute/store';
import { mayWrite } from './access-rules.ts';
import { changeWarnings } from './change-warnings.ts';
import { diskWarnings, namedDisks } from './disk-warnings.ts';
import { type EditTurns, turnOf } from './edit-turns.ts';
import type { ProjectService } from './project-service.ts';
import { type ClaimChange, quotaEffectOf } from './quota-effect.ts';
import type { RequestContext, WriteOptions } from './request-context.ts';
import type { RecordEdit, ResourceServiceParts } from './resource-service.ts';
import type { SourceGuard } from './source-guard.ts';
import { createCommand, idempotency, wantCommand } from './wishes.ts';

/** How often a request is repeated on what somebody else has just written. */
const MAX_ATTEMPTS = 5;

export interface ManifestOptions extends WriteOptions {
  /** What is sound is done, whatever becomes of the others. */
  readonly partial: boolean;
}

export interface ManifestResult {
  readonly kind?: string;
  readonly name?: string;
  readonly lineOf: ParsedDocument['lineOf'];
  readonly warnings: readonly Warning[];
  /** The answer to an earlier request with the same idempotency key. */
  readonly replayed?: boolean;
  /** What was done, or is wrong. `skipped`: nothing is wrong with it, but with another one. */
  readonly verdict:
    | {
        readonly result: 'created' | 'configured' | 'unchanged';
        readonly resource: AnyResource;
        readonly operationId?: string;
      }
    | { readonly result: 'invalid'; readonly fault: Fault }
    | { readonly result: 'skipped' };
}

export interface ManifestsApplied {
  readonly committed: boolean;
  readonly results: readonly ManifestResult[];
  /** Of a dry run: the counters of the project that would change. */
  readonly quota: readonly QuotaEffect[];
}

export interface ManifestsSimulated {
  readonly results: readonly ManifestResult[];
  /** What each sound document would be charged, also where it would be refused. */
  readonly claims: readonly ClaimChange[];
}

const REHEARSAL: ManifestOptions = { dryRun: true, partial: true };

interface Judged {
  readonly document: ParsedDocument;
  readonly checked: Checked<AnyDesired>;
  readonly before?: AnyResource;
}

export class ManifestService {
  readonly #store: Store;
  readonly #projects: ProjectService;
  readonly #sources: SourceGuard;
  readonly #settings: CheckSettings;
  readonly #recordEdit: RecordEdit;
  readonly #turns: EditTurns;

  constructor({ store, projects, sources, settings, recordEdit, turns }: ResourceServiceParts) {
    this.#store = store;
    this.#projects = projects;
    this.#sources = sources;
    this.#settings = settings;
    this.#recordEdit = recordEdit;
    this.#turns = turns;
  }

  /** Throws only when no document could be judged; otherwise each has its own verdict. */
  async apply(
    context: RequestContext,
    project: string,
    documents: Documents,
    options: ManifestOptions,
  ): Promise<ManifestsApplied> {
    mayWrite(context, project);
    await this.#projects.mustExist(context, project);
    if (!documents.ok) throw faultOf(documents.problems, 'The body');
    const keys = [...new Set(documents.documents.map((document) => turnOf(...addressOf(project, document))))];
    return this.#turns.take(keys, async () => {
      for (let attempt = 1; ; attempt += 1) {
        const applied = await this.#attempt(context, project, documents.documents, options);
        // What was done stays done, so that only a request of which nothing was is tried again.
        const mayRepeat = !options.partial && !applied.committed && attempt < MAX_ATTEMPTS;
        if (!mayRepeat || !applied.results.some(isLost)) return applied;
      }
    });
  }

  async #attempt(
    context: RequestContext,
    project: string,
    documents: readonly ParsedDocument[],
    options: ManifestOptions,
  ): Promise<ManifestsApplied> {
    const judged = refuseTwins(await Promise.all(documents.map((document) => this.#judge(project, document))));
    const isDoomed = !options.partial && judged.some(({ checked }) => !checked.ok);
    if (isDoomed) return { committed: false, results: judged.map((one) => verdictOf(one, undefined)), quota: [] };
    return this.#write(context, project, judged, options);
  }

  /** As `apply` would do it now, one document after another: what is stored is nothing. */
  async simulate(context: RequestContext, project: string, documents: Documents): Promise<ManifestsSimulated> {
    mayWrite(context, project);
    await this.#projects.mustExist(context, project);
    if (!documents.ok) throw faultOf(documents.problems, 'The body');
    const judged = refuseTwins(
      await Promise.all(documents.documents.map((document) => this.#judge(project, document))),
    );
    const sound = judged.filter((one) => one.checked.ok);
    const commands = await this.#commandsOf(context, project, sound, REHEARSAL);
    const applied = await this.#store.apply(commands, { atomic: false, dryRun: true });
    const results = judged.map((one) => {
      const result = applied.results[sound.indexOf(one)];
      return result && !result.ok ? failed(one, result.fault) : verdictOf(one, result?.outcome, true);
    });
    return { results, claims: commands.map((command, index) => claimChangeOf(command, sound[index]?.before)) };
  }

  async #judge(project: string, document: ParsedDocument): Promise<Judged> {
    const first = checkManifest(document.value, { project }, this.#settings);
    if (!first.ok) return { document, checked: first };
    const before = await this.#store.get(first.value.kind, project, first.value.name);
    const { kind, name } = first.value;
    const expected = before ? { project, kind, name, before } : { project };
    const checked = before ? checkManifest(document.value, expected, this.#settings) : first;
    if (!checked.ok) return { document, checked };
    const problems = await this.#sources.problemsOf(checked.value);
    if (problems.length > 0) return { document, checked: { ok: false, problems, warnings: checked.warnings } };
    if (!before) return { document, checked };
    const warnings = [...checked.warnings, ...(await changeWarnings(this.#store, before, checked.value))];
    return { document, checked: { ...checked, warnings }, before };
  }

  async #write(
    context: RequestContext,
    project: string,
    judged: readonly Judged[],
    options: ManifestOptions,
  ): Promise<ManifestsApplied> {
    const sound = judged.filter((one) => one.checked.ok);
    const commands = await this.#commandsOf(context, project, sound, options);
    const applied = await this.#store.apply(commands, { atomic: !options.partial, dryRun: options.dryRun });
    const faults = applied.results.filter((result) => !result.ok);
    const isUndone = !options.partial && faults.length > 0;
    const results = judged.map((one) => {
      const result = applied.results[sound.indexOf(one)];
      if (result && !result.ok) return failed(one, result.fault);
      return verdictOf(one, isUndone ? undefined : result?.outcome, options.dryRun);
    });
    return {
      committed: applied.committed,
      results: await this.#warnOfDisks(project, results),
      quota: options.dryRun ? await this.#quotaEffect(project, judged, results) : [],
    };
  }

  #quotaEffect(
    project: string,
    judged: readonly Judged[],
    results: readonly ManifestResult[],
  ): Promise<readonly QuotaEffect[]> {
    const changes = results.flatMap(({ verdict }, index) => {
      if (!('resource' in verdict)) return [];
      return [{ before: judged[index]?.before?.claim ?? {}, after: verdict.resource.claim }];
    });
    return quotaEffectOf(this.#store, project, changes);
  }

  /**
   * What exists is changed, what does not is created; but what an earlier run of this very request created is asked to
   * be created again, so that the store answers as the first time, or says that the request is another one.
   */
  async #commandsOf(
    context: RequestContext,
    project: string,
    sound: readonly Judged[],
    options: ManifestOptions,
  ): Promise<WriteCommand[]> {
    const creations = sound.map((one, index) => this.#creation(context, project, one, options, index));
    const mayBeRepeated = options.idempotencyKey !== undefined && sound.some(({ before }) => before);
    const probe = mayBeRepeated ? await this.#store.apply(creations, { atomic: false, dryRun: true }) : undefined;
    return sound.map((one, index) => {
      const creation = creations[index] as WriteCommand;
      const probed = probe?.results[index];
      const wasCreated = probed !== undefined && (probed.ok || probed.fault.code === 'IdempotencyMismatch');
      return one.before && !wasCreated ? this.#change(context, project, one, options, index) : creation;
    });
  }

  #creation(
    context: RequestContext,
    project: string,
    one: Judged,
    options: ManifestOptions,
    index: number,
  ): WriteCommand {
    const desired = desiredOf(one);
    const command = createCommand<Kind>(context, project, desired, this.#settings.catalogue);
    return { verb: 'create', ...command, ...idempotencyOf(project, desired, options, `${index}`) };
  }

  #change(
    context: RequestContext,
    project: string,
    one: Judged,
    options: ManifestOptions,
    index: number,
  ): WriteCommand {
    const desired = desiredOf(one);
    const before = one.before as ResourceOf[Kind];
    const command = wantCommand<Kind>(context, before, desired, this.#settings.catalogue);
    const managedFields = this.#recordEdit(before, desired, context.origin.face);
    return {
      ...{ verb: 'want', ...command, ...idempotencyOf(project, desired, options, `${index}/change`) },
      ...(managedFields === undefined ? {} : { managedFields }),
    };
  }

  async #warnOfDisks(project: string, results: readonly ManifestResult[]): Promise<ManifestResult[]> {
    const resources = results.flatMap(({ verdict }) => ('resource' in verdict ? [verdict.resource] : []));
    const made = resources.filter((resource) => resource.kind === 'VMDisk');
    const names = new Set(resources.flatMap(namedDisks));
    for (const { name } of made) names.delete(name);
    const others = await Promise.all([...names].map((name) => this.#store.get('VMDisk', project, name)));
    const disks = [...made, ...others.flatMap((disk) => disk ?? [])];
    return results.map((result) => {
      if (!('resource' in result.verdict)) return result;
      const warnings = diskWarnings(result.verdict.resource, disks, this.#settings.catalogue);
      return { ...result, warnings: [...result.warnings, ...warnings] };
    });
  }
}

/** Somebody wrote between reading and writing: read again, it may go well. */
const LOST: readonly FaultCode[] = ['PreconditionFailed', 'Stale', 'AlreadyExists'];

const isLost = ({ verdict }: ManifestResult): boolean =>
  verdict.result === 'invalid' && LOST.includes(verdict.fault.code);

/** Of whatever was sent: what is no resource has no turn to wait for. */
function addressOf(project: string, { value }: ParsedDocument): [kind: string, project: string, name: string] {
  const { kind, metadata } = (value ?? {}) as { readonly kind?: unknown; readonly metadata?: { name?: unknown } };
  return [String(kind), project, String(metadata?.name)];
}

/** The same resource twice in one request would depend on the order of documents. */
function refuseTwins(judged: readonly Judged[]): Judged[] {
  const seen = new Map<string, number>();
  return judged.map((one, index) => {
    if (!one.checked.ok) return one;
    const { kind, name } = one.checked.value;
    const first = seen.get(`${kind}/${name}`);
    if (first === undefined) {
      seen.set(`${kind}/${name}`, index);
      return one;
    }
    const message = `Document ${first + 1} is a ${kind} of the same name.`;
    const problems = [{ pointer: '/metadata/name', code: 'duplicate', message }];
    return { document: one.document, checked: { ok: false, problems, warnings: one.checked.warnings } };
  });
}

/** Growth is charged at once; what shrinks is held until it is true. */
function claimChangeOf(command: WriteCommand, existing: AnyResource | undefined): ClaimChange {
  const before = existing?.claim ?? {};
  if (command.verb === 'create') return { before, after: command.claim };
  return { before, after: command.verb === 'want' ? claimOfBoth(before, command.claim ?? {}) : before };
}

function desiredOf({ checked }: Judged): AnyDesired {
  if (checked.ok) return checked.value;
  throw new Fault('Internal', 'A manifest with problems cannot be written.');
}

/** One key for the request; each of its documents is remembered under a key of its own. */
function idempotencyOf(project: string, desired: AnyDesired, options: ManifestOptions, part: string) {
  return idempotency(options, ['apply', project, desired], `/${part}`);
}

function verdictOf(one: Judged, outcome: WriteOutcome | undefined, isRehearsal = false): ManifestResult {
  if (!one.checked.ok) return failed(one, faultOf(one.checked.problems, 'The manifest'));
  if (!outcome || outcome.outcome === 'deleting') return { ...identity(one), verdict: { result: 'skipped' } };
  const { resource, operationId } = outcome;
  return {
    ...identity(one),
    verdict: {
      result: outcome.outcome,
      resource,
      ...(operationId === undefined || isRehearsal ? {} : { operationId }),
    },
    replayed: outcome.replayed,
  };
}

const failed = (one: Judged, fault: Fault): ManifestResult => ({
  ...identity(one),
  verdict: { result: 'invalid', fault },
});

function identity({ document, checked }: Judged): Pick<ManifestResult, 'kind' | 'name' | 'lineOf' | 'warnings'> {
  const { lineOf } = document;
  const { warnings } = checked;
  if (checked.ok) return { kind: checked.value.kind, name: checked.value.name, lineOf, warnings };
  const value = document.value as { kind?: unknown; metadata?: { name?: unknown } } | null;
  const kind = typeof value?.kind === 'string' ? { kind: value.kind.slice(0, 63) } : {};
  const name = typeof value?.metadata?.name === 'string' ? { name: value.metadata.name.slice(0, 63) } : {};
  return { ...kind, ...name, lineOf, warnings };
}
