/** Projects: a rare matter, so it goes through Prisma. Making one makes its data key. */
import { Fault, type ProjectRecord } from '@compute/domain';
import type { Attributed } from '../commands.ts';
import type { Project } from '../generated/client.ts';
import { newUid } from '../new-uid.ts';
import { clampLimit } from '../reads/page-limit.ts';
import type { Page } from '../records.ts';
import { keepUnless, resultOf } from '../rehearsal.ts';
import { wrap } from '../secrets/envelopes.ts';
import type { ProjectKeys } from '../secrets/project-keys.ts';
import { newDataKey } from '../secrets/sealing.ts';
import type { WrappingKeys } from '../secrets/wrapping-keys.ts';
import { auditEntry, OPERATOR } from './audit-entry.ts';
import type { ColdClient } from './prisma.ts';
import { isDuplicate, isMissingParent } from './prisma-errors.ts';

const DEFAULT_CLUSTER = 'default';
/** No project can be named like a namespace of the cluster itself. */
const NAMESPACE_PREFIX = 'project-';

export interface NewProjectOptions {
  readonly clusterId?: string;
  readonly namespace?: string;
  /** Who asks; absent: the operator. */
  readonly by?: Attributed;
  /** Decides everything and stores nothing. */
  readonly dryRun?: boolean;
}

export class Projects {
  readonly #prisma: ColdClient;
  readonly #keys: ProjectKeys;
  readonly #wrapping: WrappingKeys;

  constructor(prisma: ColdClient, keys: ProjectKeys, wrapping: WrappingKeys) {
    this.#prisma = prisma;
    this.#keys = keys;
    this.#wrapping = wrapping;
  }

  /** Throws `AlreadyExists`, and `NotFound` for an unknown cluster. */
  async create(
    name: string,
    { clusterId, namespace, by = OPERATOR, dryRun }: NewProjectOptions,
  ): Promise<ProjectRecord> {
    const uid = newUid();
    const { sealed, wrappedBy } = wrap(newDataKey().bytes, this.#wrapping, `project/${uid}`);
    const data = {
      name,
      uid,
      sealedDataKey: new Uint8Array(sealed),
      wrappedBy,
      clusterId: clusterId ?? DEFAULT_CLUSTER,
    };
    try {
      const transaction = this.#prisma.$transaction(async (tx) => {
        const made = await tx.project.create({ data: { ...data, namespace: namespace ?? NAMESPACE_PREFIX + name } });
        await tx.audit.create({ data: auditEntry({ ...subjectOf(name), verb: 'create', uid }, by) });
        return keepUnless(dryRun, toRecord(made));
      });
      return await resultOf(transaction);
    } catch (error) {
      const resource = { kind: 'Project', name };
      if (isDuplicate(error)) throw new Fault('AlreadyExists', `There is a project '${name}' already.`, { resource });
      if (isMissingParent(error)) throw new Fault('NotFound', `There is no cluster '${clusterId}'.`);
      throw error;
    }
  }

  async addCluster(id: string): Promise<void> {
    await this.#prisma.cluster.createMany({ data: [{ id }], skipDuplicates: true });
  }

  async get(name: string): Promise<ProjectRecord | undefined> {
    const row = await this.#prisma.project.findUnique({ where: { name } });
    return row ? toRecord(row) : undefined;
  }

  async list(query: { limit: number; after?: string }): Promise<Page<ProjectRecord>> {
    const limit = clampLimit(query.limit);
    const where = query.after === undefined ? {} : { name: { gt: query.after } };
    const rows = await this.#prisma.project.findMany({ where, orderBy: { name: 'asc' }, take: limit + 1 });
    const items = rows.slice(0, limit).map(toRecord);
    const last = items.at(-1);
    return rows.length > limit && last ? { items, next: last.name } : { items };
  }

  /** Throws `NotFound`, and `PreconditionFailed` while it has resources. History and usage stay. */
  async remove(name: string, by: Attributed = OPERATOR): Promise<void> {
    try {
      await this.#prisma.$transaction(async (tx) => {
        const { count } = await tx.project.deleteMany({ where: { name } });
        if (count === 0) throw new Fault('NotFound', `There is no project '${name}'.`);
        await tx.audit.create({ data: auditEntry({ ...subjectOf(name), verb: 'delete' }, by) });
      });
      this.#keys.forget(name);
    } catch (error) {
      if (isMissingParent(error)) throw new Fault('PreconditionFailed', `Project '${name}' still has resources.`);
      throw error;
    }
  }
}

const subjectOf = (name: string) => ({ kind: 'Project', name, project: name });

function toRecord({ name, uid, clusterId, namespace, createdAt }: Project): ProjectRecord {
  return { name, uid, clusterId, namespace, createdAt };
}
