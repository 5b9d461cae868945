/**
 * `npm run test:images`: builds the images of this checkout and runs them as an installation would, against a simulated cluster.
 * `--no-build` takes the images that an earlier run left in an engine that was there before it. Says in one sentence what is missing
 * where no Docker engine can be had. The last line is `N passed, N failed`.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Backends } from './backends.ts';
import {
  answersHealthy,
  holdsOnlyTheProduct,
  isConfined,
  losesNothingWhenStopped,
  migratesOnce,
  passesTheDoctor,
  runsTheExample,
} from './checks.ts';
import { Engine } from './engine.ts';
import { Installation } from './installation.ts';
import { Missing } from './missing.ts';
import { buildImages, builtImages, type ProductImages } from './product-images.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

let passed = 0;

/** Each stands on what the one before it left, so the first failure ends the command. */
async function check<T>(what: string, work: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const result = await work().catch((error: unknown) => {
    throw new Error(`✗ ${what}: ${error instanceof Error ? error.message : error}`, { cause: error });
  });
  passed += 1;
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  say(`✓ ${what} (${seconds} s)${typeof result === 'string' ? `: ${result}` : ''}`);
  return result;
}

async function runChecks(engine: Engine, folder: string, atEnd: (stop: () => Promise<void>) => void): Promise<void> {
  const images = await check('three images are built from a clean checkout', () => imagesOf(engine, folder));
  await check('they hold the product and nothing else', () => holdsOnlyTheProduct(engine, images));
  const backends = await Backends.start(folder);
  atEnd(() => backends.stop());
  const installation = await Installation.prepare(engine, images, backends);
  atEnd(() => installation.removeServices());
  await check('the migrations image migrates an empty database, once', () => migratesOnce(installation));
  await check('the operator’s command makes a project and a key', () => installation.createProject());
  await check('both services become healthy', () => answersHealthy(installation));
  await check('the API is confined', () => isConfined(installation.service('api')));
  await check('the worker is confined', () => isConfined(installation.service('worker')));
  await check('a machine of the example runs', () => runsTheExample(installation, backends.imagesUrl));
  await check('the doctor finds nothing wrong', () => passesTheDoctor(installation));
  await check('SIGTERM under load loses nothing', () => losesNothingWhenStopped(installation));
}

function imagesOf(engine: Engine, folder: string): Promise<ProductImages> {
  if (process.argv.includes('--no-build')) return builtImages(engine);
  const { stdout } = spawnSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' });
  return buildImages(engine, folder, stdout.trim() || 'unknown');
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'images-'));
  // Postgres does not run as root and must be able to enter the folder.
  chmodSync(folder, 0o755);
  const ends: (() => Promise<void>)[] = [() => Promise.resolve(rmSync(folder, { recursive: true, force: true }))];
  let failed = 0;
  try {
    const engine = await Engine.start(join(folder, 'docker'), say);
    ends.push(() => engine.stop());
    say(engine.isGiven ? 'Docker: the engine that answers here.' : 'Docker: an engine of the test’s own.');
    await runChecks(engine, folder, (stop) => void ends.push(stop));
  } catch (error) {
    if (!(error instanceof Missing)) failed = 1;
    say(error instanceof Missing ? `Not run: ${error.message}` : error instanceof Error ? error.message : `${error}`);
  }
  for (const end of ends.reverse()) await end();
  say(`${passed} passed, ${failed} failed`);
  process.exit(failed);
}

await main();
