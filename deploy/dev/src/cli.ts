/** The commands of the development stack. `bootstrap.mjs` runs this with the project's Node once everything is built. */
import { MissingPart } from './process/missing-part.ts';
import { stateFolder } from './stack/state-folder.ts';

type Command = (args: readonly string[]) => Promise<void>;

const folder = stateFolder();

/** Each command loads what it needs: a stop does not wait for the cluster's code. */
const commands: Readonly<Record<string, Command>> = {
  start: async (args) => (await import('./stack/start-command.ts')).startCommand(folder, args),
  stop: async () => (await import('./stack/stop-command.ts')).stopCommand(folder),
  reset: async () => (await import('./stack/stop-command.ts')).resetCommand(folder),
  api: async (args) => (await import('./stack/add-command.ts')).addCommand(folder, 'api', args),
  worker: async (args) => (await import('./stack/add-command.ts')).addCommand(folder, 'worker', args),
};

const [name = '', ...args] = process.argv.slice(2);
const command = commands[name];
if (command === undefined) {
  process.stderr.write(`Unknown command "${name}": one of ${Object.keys(commands).join(', ')}.\n`);
  process.exit(1);
}

try {
  await command(args);
} catch (error) {
  process.stderr.write(
    `${error instanceof MissingPart ? error.message : error instanceof Error ? error.stack : String(error)}\n`,
  );
  process.exit(1);
}
