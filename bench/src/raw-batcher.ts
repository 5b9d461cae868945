/**
 * A process that creates machines with nothing around pg: requests wait in memory, at most 64 become one statement, two
 * are in flight, as in the product's writer, but without validation, verdicts or protocol. Creates for as long as its
 * parent says and tells how many.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';

const LARGEST_BATCH = 64;
const IN_FLIGHT = 2;
const CALLERS = 32;

const { DATABASE_URL = '', STATEMENT = '', PREFIX = '', PROJECTS = '1' } = process.env;
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: IN_FLIGHT });
let waiting: (() => void)[] = [];
let running = 0;
let count = 0;

function startNext(): void {
  while (running < IN_FLIGHT && waiting.length > 0) {
    const batch = waiting.slice(0, LARGEST_BATCH);
    waiting = waiting.slice(LARGEST_BATCH);
    running += 1;
    void write(batch).finally(() => {
      running -= 1;
      startNext();
    });
  }
}

async function write(batch: readonly (() => void)[]): Promise<void> {
  const uids = batch.map(() => randomUUID());
  const operations = batch.map(() => randomUUID());
  const projects = batch.map(() => `${PREFIX}${count++ % Number(PROJECTS)}`);
  await pool.query({ name: 'create', text: STATEMENT, values: [uids, operations, projects] });
  for (const done of batch) done();
}

async function create(windowMs: number): Promise<number> {
  const until = performance.now() + windowMs;
  let created = 0;
  const caller = async () => {
    for (; performance.now() < until; created += 1) {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        queueMicrotask(startNext);
      });
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return created;
}

process.on('message', (windowMs: number) => void create(windowMs).then((created) => process.send?.(created)));
process.on('disconnect', () => process.exit());
process.send?.('ready');
