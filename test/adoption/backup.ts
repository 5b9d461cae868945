/** A backup of a whole database, as a copy that the server makes. Test code only. */
import pg from 'pg';

/** Nobody may be connected to the original. Answers with the address of the copy. */
export async function backUp(databaseUrl: string): Promise<string> {
  const original = new URL(databaseUrl);
  const name = original.pathname.slice(1);
  const copy = new URL(databaseUrl);
  copy.pathname = `/${name}_backup`;
  const server = new URL(databaseUrl);
  server.pathname = '/postgres';
  const client = new pg.Client({ connectionString: server.href });
  await client.connect();
  try {
    await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
    await client.query(`create database "${name}_backup" template "${name}"`);
  } finally {
    await client.end();
  }
  return copy.href;
}
