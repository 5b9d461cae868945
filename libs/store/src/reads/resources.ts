/** Reading resources: one by name or uid, pages in an order, neighbours by attachment. */
import type { AnyResource, Kind, ResourceOf, VmDisk, VmInstance } from '@compute/domain';
import type pg from 'pg';
import type { LoadedResource } from '../commands.ts';
import { rowsOf, type Statement } from '../connection.ts';
import type { ListQuery, Page } from '../records.ts';
import { RESOURCE_COLUMNS, type ResourceRow, toDate, toResources } from '../resource-row.ts';
import type { ProjectKeys } from '../secrets/project-keys.ts';
import { asKnownThen, BY_NAME_AS_OF, refuseUnknownPast } from './as-of.ts';
import { cursorAfter, listStatement } from './list-statement.ts';
import { clampLimit } from './page-limit.ts';

export class Resources {
  readonly #pool: pg.Pool;
  readonly #keys: ProjectKeys;

  constructor(pool: pg.Pool, keys: ProjectKeys) {
    this.#pool = pool;
    this.#keys = keys;
  }

  async get<K extends Kind>(kind: K, project: string, name: string): Promise<ResourceOf[K] | undefined> {
    const [resource] = await this.#read<ResourceOf[K]>(BY_NAME, [project, kind, name]);
    return resource;
  }

  /** Throws `InvalidArgument` for a time that is not kept. */
  async getAsOf<K extends Kind>(
    kind: K,
    project: string,
    name: string,
    asOf: Date,
  ): Promise<ResourceOf[K] | undefined> {
    const [resource] = await this.#read<ResourceOf[K]>(BY_NAME_AS_OF, [project, kind, name, asOf]);
    await refuseUnknownPast(this.#pool, asOf);
    return resource && asKnownThen(resource, asOf);
  }

  async load(uid: string): Promise<LoadedResource | undefined> {
    const rows = await rowsOf<LoadedRow>(this.#pool, BY_UID, [uid]);
    const [resource] = await toResources(rows, this.#keys);
    const [row] = rows;
    if (!resource || !row) return undefined;
    const due = row.next_look_at === null ? {} : { nextLookAt: toDate(row.next_look_at) };
    const operation = row.operation === null ? {} : { operation: row.operation };
    return { resource, attempts: row.attempts, ...due, ...operation };
  }

  async list<K extends Kind>(query: ListQuery<K>): Promise<Page<ResourceOf[K]>> {
    const limit = clampLimit(query.limit);
    const { statement, values } = listStatement(query, limit + 1);
    const rows = await rowsOf<ResourceRow>(this.#pool, statement, values);
    const resources = (await toResources(rows, this.#keys)) as ResourceOf[K][];
    const { asOf } = query;
    if (asOf) await refuseUnknownPast(this.#pool, asOf);
    const items = resources.slice(0, limit).map((row) => (asOf ? asKnownThen(row, asOf) : row));
    const last = rows[limit - 1];
    return rows.length > limit && last ? { items, next: cursorAfter(query.order, last) } : { items };
  }

  async disksOfVm(vmUid: string): Promise<VmDisk[]> {
    return this.#read<VmDisk>(DISKS_OF_VM, [vmUid]);
  }

  async vmsOfDisk(project: string, diskName: string): Promise<VmInstance[]> {
    return this.#read<VmInstance>(VMS_OF_DISK, [project, diskName]);
  }

  /** The caller's statement selects one kind only. */
  async #read<R extends AnyResource>(statement: Statement, values: unknown[]): Promise<R[]> {
    const rows = await rowsOf<ResourceRow>(this.#pool, statement, values);
    return (await toResources(rows, this.#keys)) as R[];
  }
}

const BY_NAME: Statement = {
  name: 'resource_by_name',
  text: `select ${RESOURCE_COLUMNS} from resource where project = $1 and kind = $2 and name = $3`,
};

interface LoadedRow extends ResourceRow {
  readonly operation: { readonly id: string; readonly requestId: string } | null;
}

const BY_UID: Statement = {
  name: 'resource_by_uid',
  text: `
select ${RESOURCE_COLUMNS}, (
  select jsonb_build_object('id', o.id, 'requestId', o.request_id) from operation o
  where o.uid = resource.uid and o.done_at is null order by o.created_at desc limit 1
) as operation
from resource where uid = $1`,
};

const COLUMNS_OF_R = RESOURCE_COLUMNS.split(',')
  .map((column) => `r.${column.trim()}`)
  .join(', ');

const DISKS_OF_VM: Statement = {
  name: 'disks_of_vm',
  text: `
select ${COLUMNS_OF_R} from disk_attachment a
join resource r on r.project = a.project and r.kind = 'VMDisk' and r.name = a.disk_name
where a.vm_uid = $1 order by r.name`,
};

const VMS_OF_DISK: Statement = {
  name: 'vms_of_disk',
  text: `
select ${COLUMNS_OF_R} from disk_attachment a join resource r on r.uid = a.vm_uid
where a.project = $1 and a.disk_name = $2 order by r.name`,
};
