#!/usr/bin/env node
/**
 * Makes a fresh clone runnable, then hands over to the project's own Node: `node deploy/dev/bootstrap.mjs <command> [...]`.
 *
 * Runs on any Node from 20.19 with nothing installed, so it imports nothing but Node. Each step is skipped when its inputs
 * are unchanged. A reader could break: only one run at a time installs, generates or builds (the lock below).
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const cache = join(root, '.cache');
const oldestNode = [20, 19];
const commands = [
  'start',
  'stop',
  'reset',
  'api',
  'worker',
  'operate',
  'audit',
  'bench',
  'fuzz',
  'sbom',
  'test',
  'test-chart',
  'test-cluster',
  'test-images',
  'test-seeds',
  'test-survival',
  'test-usage',
  'test-upgrade',
  'test-rotation',
  'prepare',
];

const [command = '', ...rest] = process.argv.slice(2);

/** Ends the command with one sentence that says what to do. */
class Stop extends Error {}

function main() {
  if (!commands.includes(command)) throw new Stop(`Unknown command "${command}": one of ${commands.join(', ')}.`);
  checkNode();
  mkdirSync(cache, { recursive: true });
  const release = takeLock();
  try {
    install();
    if (command !== 'stop' || !isBuilt()) prepare();
  } finally {
    release();
  }
  if (command !== 'prepare') handOver();
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  throw new Stop(
    `Node ${process.versions.node} is too old: install Node ${oldestNode.join('.')} or newer (an LTS from nodejs.org will do).`,
  );
}

// ---- steps -----------------------------------------------------------------------------------------------------------

function install() {
  const stamp = join(root, 'node_modules/.installed-lock');
  const wanted = hashOf([join(root, 'package-lock.json')]);
  if (readIfThere(stamp) === wanted || installedByHand()) return;
  say('Installing dependencies (about a minute).');
  run('npm', ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'], {
    log: 'install.log',
    remedy: 'check the connection to the npm registry and run the command again',
    environment: process.env,
  });
  writeFileSync(stamp, wanted);
}

/** npm writes its own copy of the lock when an installation is complete. */
function installedByHand() {
  const copy = join(root, 'node_modules/.package-lock.json');
  return existsSync(copy) && statSync(copy).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

function prepare() {
  generate('proto/gen', ['proto'], ['.proto', '.yaml'], 'generate:proto');
  generate('libs/store/src/generated', ['prisma'], ['.prisma'], 'generate:prisma');
  if (['audit', 'sbom'].includes(command)) return; // they run from source
  if (command === 'test') return; // the test command compiles everything itself and reports it as a check
  const targets = ['services/api', 'services/worker', 'libs/simulator', 'deploy/dev'];
  if (command === 'bench') targets.push('bench');
  if (['operate', 'fuzz', 'test-chart', 'test-rotation', 'test-upgrade'].includes(command))
    targets.push('deploy/operate');
  const ofTests = ['fuzz', 'test-images', 'test-rotation', 'test-seeds', 'test-upgrade', 'test-usage'];
  if (ofTests.includes(command)) targets.push('test');
  if (!isBuilt()) say('Building.');
  run('tsc', ['-b', ...targets], {
    log: 'build.log',
    remedy: 'mend the sources that the compiler names',
    excuse: (output) => onlyTestsAreWrong(output) && say('Some tests do not compile (see .cache/build.log); going on.'),
  });
  writeFileSync(builtStamp(), '');
}

/** The compiler writes everything out all the same, and nothing that runs comes from a test. */
function onlyTestsAreWrong(output) {
  const errors = output.split('\n').filter((line) => line.includes(': error TS'));
  return errors.length > 0 && errors.every((line) => /\.test\.ts\(/.test(line));
}

function isBuilt() {
  return existsSync(builtStamp()) && existsSync(join(root, 'deploy/dev/dist/cli.js'));
}

function builtStamp() {
  return join(cache, 'built');
}

/** Runs an npm script when the files it reads differ from those of the last time, or its output is gone. */
function generate(output, folders, endings, script) {
  const inputs = folders
    .flatMap((folder) => filesIn(join(root, folder)))
    .filter((file) => endings.some((end) => file.endsWith(end)));
  const stamp = join(root, output, '.inputs');
  const wanted = hashOf([...inputs, join(root, 'package-lock.json')]);
  if (readIfThere(stamp) === wanted) return;
  say(`Generating code (${script.replace('generate:', '')}).`);
  run('npm', ['run', '--silent', script], {
    log: `${script.replace(':', '-')}.log`,
    remedy: 'mend the sources that it names',
  });
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted);
}

function handOver() {
  const entries = {
    test: 'deploy/dev/src/test-command.ts',
    audit: 'test/supply/audit-command.ts',
    sbom: 'test/supply/sbom-command.ts',
    fuzz: 'test/dist/fuzz/fuzz-command.js',
    'test-chart': 'test/chart/run-chart.ts',
    'test-cluster': 'test/cluster/run-matrix.ts',
    'test-images': 'test/dist/images/images-command.js',
    'test-survival': 'test/survival/run-survival.ts',
    'test-seeds': 'test/dist/survival/seeds/seeds-command.js',
    'test-usage': 'test/dist/usage-proof/proof-command.js',
    'test-upgrade': 'test/dist/upgrade/upgrade-command.js',
    'test-rotation': 'test/dist/upgrade/rotation-command.js',
    bench: 'bench/dist/run.js',
    operate: 'deploy/operate/dist/cli.js',
  };
  const own = entries[command];
  const args =
    own === undefined ? [join(root, 'deploy/dev/dist/cli.js'), command, ...rest] : [join(root, own), ...rest];
  const child = spawn(projectNode(), args, { stdio: 'inherit', env: projectEnvironment() });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    say(`The project's Node did not start: ${error.message}.`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
  });
}

// ---- the project's Node ----------------------------------------------------------------------------------------------

function projectNode() {
  const packaged = join(root, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
  if (existsSync(packaged)) return packaged;
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  throw new Stop(
    `There is no packaged Node for ${process.platform}-${process.arch}: install Node 24 and run the command with it.`,
  );
}

function projectEnvironment() {
  const first = [dirname(projectNode()), join(root, 'node_modules/.bin')];
  return { ...process.env, PATH: [...first, process.env.PATH ?? ''].join(delimiter) };
}

// ---- small things ----------------------------------------------------------------------------------------------------

/** What the operator's command prints is read by programs, so nothing else goes there. */
function say(line) {
  (command === 'operate' ? process.stderr : process.stdout).write(`${line}\n`);
  return true;
}

/** Runs a program at the root; its output goes to a file, whose end is shown when it fails. */
function run(program, args, { log, remedy, environment = projectEnvironment(), excuse }) {
  const file = join(cache, log);
  const output = openSync(file, 'w');
  const outcome = spawnSync(program, args, {
    cwd: root,
    stdio: ['ignore', output, output],
    env: environment,
  });
  closeSync(output);
  if (outcome.status === 0 || excuse?.(readFileSync(file, 'utf8'))) return;
  say(readFileSync(file, 'utf8').trimEnd().split('\n').slice(-40).join('\n'));
  const reason =
    outcome.error?.code === 'ENOENT' ? `${program} is not there` : `it ended with ${outcome.status ?? outcome.signal}`;
  throw new Stop(`\`${program} ${args[0]}\` failed (${reason}; all output in ${relative(root, file)}): ${remedy}.`);
}

function filesIn(folder) {
  const skipped = new Set(['node_modules', 'gen', 'dist']);
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      if (skipped.has(entry.name)) return [];
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesIn(path) : [path];
    })
    .sort();
}

function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(relative(root, file)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** Waits until no other run holds the lock; a lock whose owner is gone is taken over. Gives the function that frees it. */
function takeLock() {
  const file = join(cache, 'bootstrap.lock');
  let told = false;
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' });
      process.on('exit', () => readIfThere(file) === String(process.pid) && rmSync(file, { force: true }));
      return () => rmSync(file, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const owner = Number(readIfThere(file) ?? '');
    if (owner > 0 && !isAlive(owner)) removeStaleLock(file, owner);
    else if (owner > 0 && !told) {
      say('Another command prepares this checkout: waiting for it.');
      told = true;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
}

/** Removes the lock of a run that is gone, and gives it back when another run took it in the same moment. */
function removeStaleLock(file, owner) {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    if (readFileSync(aside, 'utf8') !== String(owner)) linkSync(aside, file);
    rmSync(aside, { force: true });
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

try {
  main();
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  say(error.message);
  process.exit(1);
}
