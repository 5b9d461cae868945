/** A machine that the product created, so that what stands beside it does the same work: every row that it wrote. */
import pg from 'pg';
import { type BenchDatabase, machineBody, machinesPath, PREFIX, PROJECTS, startApi } from './api-process.ts';
import type { BenchContext } from './bench.ts';
import { RestLoad } from './rest-load.ts';
import type { Model } from './single-statement.ts';

/** The request that creates a machine in one of the projects. */
export function creation(apiKey: string, project: number, name: string) {
  return { method: 'POST', path: machinesPath(project), apiKey, body: machineBody(name) } as const;
}

/** Makes a statement of what the database holds once the API has created one machine in it. */
export async function withModel(
  context: BenchContext,
  database: BenchDatabase,
  statementOf: (client: pg.Pool, model: Model) => Promise<string>,
): Promise<string> {
  const api = await startApi(context, database.url, database.secretsKey);
  const load = await RestLoad.open(api.url, 1);
  const answer = await load.one(creation(database.apiKey, 0, 'model'));
  load.close();
  await api.stop();
  const pool = new pg.Pool({ connectionString: database.url, max: 1 });
  const statement = await statementOf(pool, await modelOf(pool, answer));
  await copyQuota(pool);
  await pool.end();
  return statement;
}

/** Every project gets the quota rows that the model's project has, so that the statement finds what it counts up. */
async function copyQuota(pool: pg.Pool): Promise<void> {
  await pool.query(
    `insert into quota (project, scope, metric, used) select p.name, q.scope, q.metric, 0 from quota q, project p
     where q.project = '${PREFIX}0' and p.name <> '${PREFIX}0' on conflict do nothing`,
  );
}

async function modelOf(pool: pg.Pool, answer: string): Promise<Model> {
  const { uid } = (JSON.parse(answer) as { metadata: { uid: string } }).metadata;
  const found = await pool.query<{ id: string }>('select id::text from operation where uid = $1', [uid]);
  const named = { uid, name: 'model', operationId: found.rows[0]?.id ?? '', project: `${PREFIX}0` };
  return { ...named, projectPrefix: PREFIX, projectCount: PROJECTS };
}
