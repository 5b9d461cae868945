/**
 * A place for one case on one face: a project of its own with a neighbour, keys for everybody who may ask, what happens
 * around the requests, and everything that is left behind in the database.
 */
import { removeFully, report, type TestApi } from '@compute/api/testing';
import type { Kind } from '@compute/domain';
import pg from 'pg';
import type { Asker, Happening, Json } from './requests.ts';

const PLURALS: Readonly<Record<Kind, string>> = { VMInstance: 'vm-instances', VMDisk: 'vm-disks' };

export interface World {
  readonly project: string;
  keyOf(asker: Asker): string;
  happen(happening: Happening): Promise<void>;
  /** What is stored of the project, without what differs from run to run. */
  leftBehind(): Promise<Json>;
}

let made = 0;

/** The project belongs to the world alone, so worlds do not see each other. */
export async function newWorld(api: TestApi, database: pg.Pool): Promise<World> {
  made += 1;
  const project = `parity-${made}`;
  await api.store.createProject(project);
  // One after the other: the audit log tells of them in this order.
  const owner = await api.newKey(['read', 'write'], project);
  const reader = await api.newKey(['read'], project);
  const stranger = await api.newKey(['read', 'write'], 'demo');
  const keys: Readonly<Record<Asker, string>> = { owner, reader, stranger, nobody: 'vmk_nobody_0' };
  return {
    project,
    keyOf: (asker) => keys[asker],
    happen: (happening) => happen(api, project, happening),
    leftBehind: () => leftBehind(database, project, keys),
  };
}

async function happen(api: TestApi, project: string, happening: Happening): Promise<void> {
  const send = async (method: string, path: string, body?: unknown) => {
    const type = { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' };
    const about = body === undefined ? {} : { body, headers: type };
    const reply = await api.send(method, `/v1/projects/${project}/${path}`, { ...about, key: api.adminKey });
    if (reply.status >= 400) throw new Error(`${method} ${path}: ${reply.text}`);
  };
  switch (happening.happens) {
    case 'applied':
      return send('POST', 'manifests', happening.manifests.map(withVersion));
    case 'patched':
      return send('PATCH', `${PLURALS[happening.kind]}/${happening.name}`, happening.patch);
    case 'deletion asked':
      return send('DELETE', `${PLURALS[happening.kind]}/${happening.name}`);
    case 'reported': {
      const { kind, name, phase } = happening;
      return report(api.store, kind, name, phase as never, phase === 'Ready' || phase === 'Running', project);
    }
    case 'removed':
      return removeFully(api.store, happening.kind, happening.name, project);
    case 'limited':
      await api.store.quota.setLimits(project, happening.limits);
  }
}

const withVersion = (manifest: Json): Json => ({ apiVersion: 'apps.cozystack.io/v1alpha1', ...manifest });

/** Everything that a request may leave behind. Secrets are sealed anew each time, so only their being there counts. */
const TABLES: Readonly<Record<string, string>> = {
  resources: `select kind, name, labels, annotations, spec, claim, phase, generation, spec_version, status_version,
    deletion_requested_at is not null as deleting, deletion_with_disks from resource where project = $1 order by kind, name`,
  history: `select kind, name, type, from_value, to_value, reason, message, actor, generation from transition
    where project = $1 order by kind, name, at, seq`,
  feed: 'select kind, name, op from change where project = $1 order by kind, name, seq',
  quota: 'select scope, metric, limit_value, used from quota where project = $1 and used > 0 order by scope, metric',
  usage: 'select kind, name, meter, dimensions from usage_open where project = $1 order by kind, name, meter',
  attachments: 'select disk_name, exclusive from disk_attachment where project = $1 order by disk_name',
  operations:
    'select kind, name, verb, generation, done_at is not null as done from operation where project = $1 order by kind, name, generation, verb, done',
  audit: 'select verb, kind, name, actor from audit where project = $1 order by id',
  requests: 'select verb from idempotency where project = $1 order by verb',
};

async function leftBehind(database: pg.Pool, project: string, keys: Readonly<Record<Asker, string>>): Promise<Json> {
  const tables = await Promise.all(
    Object.entries(TABLES).map(async ([table, query]) => [table, (await database.query(query, [project])).rows]),
  );
  const ids = Object.entries(keys).map(([asker, key]) => [key.split('_')[1] ?? '', asker] as const);
  const text = JSON.stringify(Object.fromEntries(tables), (key, value) => (key === '$sealed' ? 'sealed' : value));
  return JSON.parse(ids.reduce((all, [id, asker]) => all.replaceAll(id, asker), text.replaceAll(project, 'project')));
}
