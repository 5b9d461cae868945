/** Every row of every table, as text. */
import pg from 'pg';

export async function tableDump(databaseUrl: string): Promise<ReadonlyMap<string, string>> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(
      "select quote_ident(table_name) as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
    );
    const dump = new Map<string, string>();
    for (const { name } of rows) {
      const { rows: lines } = await client.query<{ line: string }>(`select each::text as line from ${name} each`);
      dump.set(name, lines.map(({ line }) => line).join('\n'));
    }
    return dump;
  } finally {
    await client.end();
  }
}
