/**
 * `npm run test:cluster -- --server=ours|real --controllers=ours|real`: the conformance suite against the chosen clusters (all
 * four when nothing is chosen), one after the other, and a matrix of what passed at the end.
 *
 * `--traces` leaves all but the traces out, which are told on our server; `--record` adds what the real controllers tell to what
 * is recorded of them. `--minutes=25` keeps all of it, builds included, in a time box. What ran and failed fails the command; what could not be
 * built or was not reached is said and counts as neither. The last line is `N passed, N failed`.
 * Run by type stripping, so it imports nothing of the workspace.
 */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtPieces, CannotBuild, deadlineAfter } from './build/build-pieces.ts';
import { COMBINATIONS, type Combination, nameOf, needsPieces, SIDES, type Side } from './combination/combination.ts';
import { type CaseResult, matrixOf, type Outcome } from './matrix.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** What a combination needs at least; with less left it is not begun. */
const LEAST_MS = 60_000;

interface Choice {
  readonly combinations: readonly Combination[];
  readonly deadline: number;
  readonly isTracesOnly: boolean;
  readonly isRecording: boolean;
  /** Passed on to vitest. */
  readonly filters: readonly string[];
}

interface Report {
  readonly testResults: readonly {
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
      readonly meta?: { readonly reason?: string };
    }[];
  }[];
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function readChoice(): Choice {
  const args = process.argv.slice(2);
  const server = sideOf(args, 'server');
  const controllers = sideOf(args, 'controllers');
  const minutes = Number(optionOf(args, 'minutes') ?? Number.POSITIVE_INFINITY);
  if (!(minutes > 0)) throw new Error('--minutes takes a number above 0.');
  const isRecording = args.includes('--record');
  const isTracesOnly = isRecording || args.includes('--traces');
  return {
    combinations: COMBINATIONS.filter(
      (one) =>
        (server ?? (isTracesOnly ? 'ours' : one.server)) === one.server &&
        (controllers ?? (isRecording ? 'real' : one.controllers)) === one.controllers,
    ),
    deadline: deadlineAfter(minutes),
    isTracesOnly,
    isRecording,
    filters: args.filter((arg) => !/^--((server|controllers|minutes)=|(traces|record)$)/.test(arg)),
  };
}

/** Both sides of the traces stand on our server: it starts in no time, and knows KubeVirt's calls without virt-api. */
function suitesOf({ server }: Combination, { isTracesOnly }: Choice): string[] {
  const traces = server === 'ours' ? ['test/cluster/traces/traces.test.ts'] : [];
  return isTracesOnly ? traces : ['test/cluster/conformance/conformance.test.ts', ...traces];
}

function sideOf(args: readonly string[], name: string): Side | undefined {
  const wanted = optionOf(args, name);
  if (wanted === undefined) return undefined;
  const side = SIDES.find((known) => known === wanted);
  if (side === undefined) throw new Error(`--${name} is ${SIDES.join(' or ')}, not "${wanted}".`);
  return side;
}

function optionOf(args: readonly string[], name: string): string | undefined {
  const prefix = `--${name}=`;
  return args.find((arg) => arg.startsWith(prefix))?.slice(prefix.length);
}

async function main(): Promise<void> {
  const choice = readChoice();
  let pieces: string | undefined;
  let obstacle = '';
  if (choice.combinations.some(needsPieces)) {
    try {
      pieces = await builtPieces({ say, deadline: choice.deadline });
    } catch (error) {
      if (!(error instanceof CannotBuild)) throw error;
      obstacle = error.message;
    }
  }
  const outcomes: Outcome[] = [];
  for (const combination of choice.combinations) {
    outcomes.push({ name: nameOf(combination), ...(await runOne(combination, choice, pieces, obstacle)) });
  }
  const { lines, passed, failed } = matrixOf(outcomes);
  for (const line of lines) say(line);
  say(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

async function runOne(
  combination: Combination,
  choice: Choice,
  pieces: string | undefined,
  obstacle: string,
): Promise<Omit<Outcome, 'name'>> {
  const { deadline, filters, isRecording } = choice;
  if (needsPieces(combination) && pieces === undefined) return { notRun: obstacle };
  const leftMs = deadline - Date.now();
  if (leftMs < LEAST_MS) return { notRun: 'The time box was used up before it.' };
  const name = nameOf(combination);
  say(`\n${name}`);
  const file = join(ROOT, `.cache/cluster-${name.replace('/', '-')}.json`);
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  rmSync(file, { force: true });
  const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const environment = {
    CLUSTER_COMBINATION: name,
    ...(pieces === undefined ? {} : { CLUSTER_PIECES: pieces }),
    ...(isRecording ? { CLUSTER_RECORD: 'yes' } : {}),
  };
  const folder = mkdtempSync(join(tmpdir(), 'cluster-matrix-'));
  // Postgres does not run as root and must be able to enter the folder.
  chmodSync(folder, 0o755);
  const end = await runVitest(
    [...args, ...suitesOf(combination, choice), ...filters],
    { ...environment, TMPDIR: folder },
    leftMs,
  );
  endStacks(folder);
  if (end === 'cut') return { notRun: 'The time box ended in the middle of it; what it showed until then is above.' };
  if (!existsSync(file)) return { cases: [{ name: 'the suite as a whole', status: 'failed' }] };
  const all = casesOf(JSON.parse(readFileSync(file, 'utf8')) as Report, name);
  // What a filter leaves out was not wanted.
  const cases = all.filter(
    ({ status, reason }) => filters.length === 0 || status !== 'not run' || reason !== undefined,
  );
  const unexplained = end === 'failed' && cases.every(({ status }) => status !== 'failed');
  return { cases: unexplained ? [...cases, { name: 'the suite as a whole', status: 'failed' }] : cases };
}

/** A run that was cut short could not stop the stack that it had started. */
function endStacks(folder: string): void {
  for (const name of readdirSync(folder).filter((entry) => entry.startsWith('vm-story-'))) {
    const env = { ...process.env, DEV_DIR: join(folder, name) };
    spawnSync(process.execPath, [join(ROOT, 'deploy/dev/dist/cli.js'), 'stop'], { env, stdio: 'ignore' });
  }
  if (process.env.CLUSTER_KEEP === undefined) rmSync(folder, { recursive: true, force: true });
}

function runVitest(
  args: readonly string[],
  environment: Record<string, string>,
  leftMs: number,
): Promise<'passed' | 'failed' | 'cut'> {
  const child = spawn('vitest', args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...environment } });
  let isCut = false;
  const cut = (): void => {
    isCut = true;
    child.kill('SIGTERM');
  };
  const timer = Number.isFinite(leftMs) ? setTimeout(cut, leftMs) : undefined;
  return new Promise((resolve) => {
    child.once('error', () => resolve('failed'));
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve(isCut ? 'cut' : code === 0 ? 'passed' : 'failed');
    });
  });
}

function casesOf(report: Report, combination: string): CaseResult[] {
  return report.testResults.flatMap(({ assertionResults, message }) => {
    if (assertionResults.length === 0 && message)
      return [{ name: message.split('\n')[0] ?? '', status: 'failed' as const }];
    return assertionResults.map(({ ancestorTitles, title, status, meta }) => ({
      name: [...ancestorTitles.filter((part) => part !== combination), title].join(' '),
      status: status === 'passed' || status === 'failed' ? status : ('not run' as const),
      ...(meta?.reason === undefined ? {} : { reason: meta.reason }),
    }));
  });
}

await main();
