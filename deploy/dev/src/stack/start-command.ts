/** `npm start`: in the foreground until Ctrl-C, or with `--detach` in the background until `npm stop`. */
import { spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { exited } from '../process/leash.ts';
import { MissingPart } from '../process/missing-part.ts';
import { readStackFile, removeStackFile, type StackFile } from './stack-file.ts';
import { createStateFolder, type StateFolder } from './state-folder.ts';
import { endLeftovers, runningSupervisor } from './stop-command.ts';
import { shown, welcome } from './welcome.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);
/** Tells the process that `--detach` starts that nobody reads along. */
const IN_BACKGROUND = '--in-background';
const DETACH_PATIENCE_MS = 300_000;

export async function startCommand(folder: StateFolder, args: readonly string[]): Promise<void> {
  const detach = args.includes('--detach');
  if (runningSupervisor(folder) !== undefined) return alreadyRunning(folder, detach);
  await endLeftovers(folder);
  removeStackFile(folder);
  if (detach) return startDetached(folder);
  const { Supervisor } = await import('./supervisor.ts');
  const stack = await new Supervisor(folder, say).start();
  if (args.includes(IN_BACKGROUND)) return; // its output is a log, and the welcome holds a key
  say(welcome(folder, stack));
  say('Ctrl-C stops everything.');
}

function alreadyRunning(folder: StateFolder, detach: boolean): void {
  const stack = readStackFile(folder);
  if (stack === undefined)
    throw new MissingPart(
      `A stack is starting or stopping in ${shown(folder.path)}: wait for it, or run \`npm stop\`.`,
    );
  if (!detach)
    throw new MissingPart(`A stack runs in ${shown(folder.path)} already (${stack.rest}): \`npm stop\` ends it.`);
  say('The stack runs already.');
  say(welcome(folder, stack));
}

/** Starts the same command again as a process of its own and waits until its stack answers. */
async function startDetached(folder: StateFolder): Promise<void> {
  createStateFolder(folder);
  const logFile = join(folder.logs, 'stack.log');
  const output = openSync(logFile, 'w');
  const cli = fileURLToPath(new URL('../cli.js', import.meta.url));
  const child = spawn(process.execPath, [cli, 'start', IN_BACKGROUND], {
    detached: true,
    stdio: ['ignore', output, output],
  });
  let outcome: number | string | undefined;
  void exited(child).then((value) => {
    outcome = value;
  });
  const stack = await untilReady(folder, () => outcome);
  if (stack === undefined) {
    say(existsSync(logFile) ? readFileSync(logFile, 'utf8').trimEnd() : '');
    throw new MissingPart(`The stack did not start; the logs are in ${shown(folder.logs)}.`);
  }
  child.unref();
  say(readFileSync(logFile, 'utf8').trimEnd());
  say(welcome(folder, stack));
  say('`npm stop` ends it.');
}

async function untilReady(
  folder: StateFolder,
  outcome: () => number | string | undefined,
): Promise<StackFile | undefined> {
  const deadline = Date.now() + DETACH_PATIENCE_MS;
  while (outcome() === undefined && Date.now() < deadline) {
    const stack = readStackFile(folder);
    if (stack !== undefined) return stack;
    await delay(100);
  }
  return undefined;
}
