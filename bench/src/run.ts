/**
 * `npm run bench [-- G1 G7] [--pairs=n] [--window=ms]`: runs the benches of the named goals, or all, one after the other,
 * prints a table and writes one JSON line for each ratio to `bench/results/latest.ndjson`.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startPostgres } from '@compute/dev-stack';
import { type Bench, type BenchContext, NotHere } from './bench.ts';
import { circumstances, lineOf, type Measured, tableOf } from './result.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const say = (line: string) => void process.stdout.write(`${line}\n`);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { pairs: { type: 'string', default: '7' }, window: { type: 'string', default: '1000' } },
});
const wanted = positionals.map((goal) => goal.toUpperCase());

const results: Measured[] = [];
for (const bench of await findBenches()) {
  if (wanted.length > 0 && !bench.goals.some((goal) => wanted.includes(goal))) continue;
  say(`Measuring ${bench.goals.join(', ')} ...`);
  results.push(...(await runBench(bench)));
}
if (results.length === 0) {
  say(wanted.length > 0 ? `Nothing measures ${wanted.join(', ')} here.` : 'There is nothing to measure here.');
  process.exitCode = 1;
} else {
  report(results);
}

async function findBenches(): Promise<Bench[]> {
  const files = readdirSync(fileURLToPath(new URL('.', import.meta.url))).filter((file) => file.endsWith('.bench.js'));
  const modules = await Promise.all(files.sort().map((file) => import(new URL(file, import.meta.url).href)));
  return modules.map((module: { bench: Bench }) => module.bench);
}

async function runBench(bench: Bench): Promise<readonly Measured[]> {
  const cleanups: (() => Promise<unknown>)[] = [];
  let postgres: ReturnType<BenchContext['postgres']> | undefined;
  const context: BenchContext = {
    pairs: Number(values.pairs),
    windowMs: Number(values.window),
    say,
    defer: (cleanup) => void cleanups.push(cleanup),
    postgres: () => {
      postgres ??= startPostgres({ durable: true }).then((server) => {
        cleanups.unshift(server.stop);
        return server;
      });
      return postgres;
    },
  };
  try {
    return await bench.run(context);
  } catch (error) {
    if (!(error instanceof NotHere)) throw error;
    say(`${bench.goals.join(', ')}: ${error.message}`);
    return [];
  } finally {
    for (const cleanup of cleanups.toReversed()) await cleanup();
  }
}

function report(measured: readonly Measured[]): void {
  const around = circumstances(root);
  const file = join(root, 'bench/results/latest.ndjson');
  mkdirSync(join(root, 'bench/results'), { recursive: true });
  writeFileSync(file, measured.map((result) => `${lineOf(result, around)}\n`).join(''));
  say(`\n${tableOf(measured)}\n\n${around.machine}; commit ${around.commit}`);
  say('Written to bench/results/latest.ndjson.');
}
