#!/usr/bin/env node
// Stands in for Prisma's native schema-engine binary (which prisma would download):
// speaks the same line-delimited JSON-RPC over stdio, but runs the WASM build that
// npm ships (@prisma/schema-engine-wasm, same engine commit) over @prisma/adapter-pg.
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import pg from 'pg';

const argv = process.argv.slice(2);
const opt = (name) => argv.flatMap((a, i) => (a === name ? [argv[i + 1]] : []));
const datasource = JSON.parse(opt('--datasource')[0] ?? '{}');
const url = datasource.url ?? process.env.DATABASE_URL;

function pgConfig(u) {
  const p = new URL(u);
  // parts, not connectionString: pg lets a connectionString override `database`,
  // which would point the shadow database at the real one
  return {
    host: decodeURIComponent(p.hostname) || 'localhost',
    port: Number(p.port || 5432),
    user: decodeURIComponent(p.username),
    password: decodeURIComponent(p.password) || undefined,
    database: decodeURIComponent(p.pathname.slice(1)) || undefined,
  };
}
const logErr = (message, error_code) =>
  process.stderr.write(
    `${JSON.stringify({ level: 'ERROR', target: 'schema_engine::logger', fields: { message, error_code } })}\n`,
  );

async function cli(cmd) {
  const cfg = pgConfig(url);
  const via = async (database, fn) => {
    const c = new pg.Client({ ...cfg, database });
    await c.connect();
    try {
      return await fn(c);
    } finally {
      await c.end();
    }
  };
  process.stderr.write('{"level":"INFO","fields":{"message":"start"}}\n');
  try {
    if (cmd === 'can-connect-to-database') await via(cfg.database, (c) => c.query('select 1'));
    else if (cmd === 'create-database')
      await via('postgres', (c) => c.query(`create database ${pg.escapeIdentifier(cfg.database)}`));
    else if (cmd === 'drop-database')
      await via('postgres', (c) => c.query(`drop database if exists ${pg.escapeIdentifier(cfg.database)}`));
    else throw new Error(`unknown cli command ${cmd}`);
  } catch (e) {
    const code =
      e.code === '3D000' ? 'P1003' : e.code === 'ECONNREFUSED' ? 'P1001' : e.code === '28P01' ? 'P1000' : 'P1011';
    logErr(e.message || String(e.code), code);
    process.exit(1);
  }
  process.exit(0);
}

// adapter-pg knows no internal "char" (oid 18), which the catalog queries return: present it as Character
function teachChar(adapter) {
  const proto = Object.getPrototypeOf(Object.getPrototypeOf(adapter)); // PgQueryable, shared with transactions
  if (proto.queryRaw.taught) return;
  const { queryRaw, performIO } = proto;
  proto.performIO = async function (query) {
    const r = await performIO.call(this, query);
    r?.fields?.forEach((f, i) => {
      if (f.dataTypeID === 18) {
        f.dataTypeID = 1042;
        query.chars?.push(i);
      }
    });
    return r;
  };
  proto.queryRaw = async function (query) {
    const q = { ...query, chars: [] };
    const r = await queryRaw.call(this, q);
    for (const i of q.chars) r.columnTypes[i] = ColumnTypeEnum.Character;
    return r;
  };
  proto.queryRaw.taught = true;
}
const pool = (cfg) => new pg.Pool({ ...cfg, max: 4 });

class ShadowSafePg extends PrismaPg {
  constructor(cfg) {
    super(pool(cfg), { disposeExternalPool: true });
    this.cfg = cfg;
  }
  async connect() {
    return this.whole(await super.connect());
  }
  // adapter-pg splits scripts at every ';' (breaks $$ bodies): send the file as one simple query, as the native engine does
  whole(a) {
    teachChar(a);
    a.executeScript = async (sql) => {
      try {
        await a.underlyingDriver().query(sql);
      } catch (e) {
        a.onError(e);
      }
    };
    return a;
  }
  async connectToShadowDb() {
    const database = `prisma_migrate_shadow_db_${crypto.randomUUID()}`;
    const admin = new pg.Client(this.cfg);
    await admin.connect();
    await admin.query(`create database ${pg.escapeIdentifier(database)}`);
    const inner = this.whole(
      await new PrismaPg(pool({ ...this.cfg, database }), { disposeExternalPool: true }).connect(),
    );
    const dispose = inner.dispose.bind(inner);
    inner.dispose = async () => {
      await dispose();
      await admin.query(`drop database if exists ${pg.escapeIdentifier(database)} with (force)`);
      await admin.end();
    };
    return inner;
  }
}

async function rpc() {
  let panic;
  globalThis.PRISMA_WASM_PANIC_REGISTRY = {
    set_message: (m) => {
      panic = m;
      logErr(`schema-engine panicked: ${m}`);
    },
  };
  const bg = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const bgUrl = import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const bytes = await readFile(new URL('schema_engine_bg.wasm', bgUrl));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': bg });
  bg.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  const datamodels = await Promise.all(opt('--datamodels').map(async (f) => [f, await readFile(f, 'utf8')]));
  const factory = bindMigrationAwareSqlAdapterFactory(url ? new ShadowSafePg(pgConfig(url)) : new ShadowSafePg({}));
  const errors = factory.errorRegistry;
  let eng;
  const getEng = () =>
    (eng ??= bg.SchemaEngine.new(
      { datamodels: datamodels.length ? datamodels : undefined },
      (log) => {
        if (process.env.DEBUG) process.stderr.write(`${String(log)}\n`);
      },
      factory,
    ));
  const write = (m) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...m })}\n`);
  let pending = 0,
    closed = false;
  const maybeExit = async () => {
    if (closed && pending === 0) {
      try {
        (await eng)?.free?.();
      } catch {}
      process.exit(0);
    }
  };
  createInterface({ input: process.stdin })
    .on('line', async (line) => {
      if (!line.trim()) return;
      const { id, method, params } = JSON.parse(line);
      pending++;
      try {
        const e = await getEng();
        const fn = { getDatabaseVersion: 'version' }[method] ?? method;
        if (typeof e[fn] !== 'function') throw new Error(`schema-engine: no method ${method}`);
        const r = await e[fn](params);
        if (method === 'diff' && r?.stdout != null) write({ id: 0, method: 'print', params: { content: r.stdout } });
        write({ id, result: r ?? {} });
      } catch (e) {
        let real = e;
        if (e instanceof WebAssembly.RuntimeError) real = new Error(`schema-engine panicked: ${panic ?? e.message}`);
        if (e && typeof e.id === 'number') real = errors?.consumeError(e.id)?.error ?? e;
        write({
          id,
          error: {
            code: 4466,
            message: 'An error happened. Check the data field for details.',
            data: { is_panic: false, message: real.message ?? String(real), error_code: real.code ?? null, meta: null },
          },
        });
        if (process.env.DEBUG)
          process.stderr.write(`${JSON.stringify({ level: 'INFO', fields: { message: String(real.stack) } })}\n`);
      } finally {
        pending--;
        void maybeExit();
      }
    })
    .on('close', () => {
      closed = true;
      void maybeExit();
    });
}

if (argv.includes('--version')) {
  console.log('schema-engine-cli wasm');
  process.exit(0);
}
const c = argv.indexOf('cli');
if (c >= 0) await cli(argv[c + 1]);
else await rpc();
