/** The commands of the development stack. `bootstrap.mjs` runs this with the project's Node once everything is built. */
import { MissingPart } from './process/missing-part.ts';
import { addCommand } from './stack/add-command.ts';
import { startCommand } from './stack/start-command.ts';
import { stateFolder } from './stack/state-folder.ts';
import { resetCommand, stopCommand } from './stack/stop-command.ts';

type Command = (args: readonly string[]) => Promise<void>;

const folder = stateFolder();

const commands: Readonly<Record<string, Command>> = {
  start: (args) => startCommand(folder, args),
  stop: () => stopCommand(folder),
  reset: () => resetCommand(folder),
  api: (args) => addCommand(folder, 'api', args),
  worker: (args) => addCommand(folder, 'worker', args),
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
