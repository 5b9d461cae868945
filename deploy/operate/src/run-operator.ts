/**
 * One run of the operator's command: finds the command, reads its arguments, prints its report, and answers with the exit
 * code. What it prints on stdout is the report and nothing else, so that programs can read it.
 */
import { parseArgs } from 'node:util';
import { isFault } from '@compute/domain';
import { ConfigurationError, type Environment } from '@compute/runtime';
import { Call, type Command, type CommandOption, WrongCall } from './command.ts';
import { COMMANDS } from './commands/commands.ts';
import { commandHelp, overview } from './help.ts';

/** What the end of the program says. */
export const EXIT_CODES = { done: 0, wrong: 1, misused: 2, notDone: 3 } as const;

export interface OperatorIo {
  readonly env: Environment;
  /** Relative paths begin here. */
  readonly folder: string;
  readonly print: (line: string) => void;
  readonly complain: (line: string) => void;
}

/** Options that every command has. */
export const GENERAL_OPTIONS: Readonly<Record<string, CommandOption>> = {
  json: { about: 'prints JSON instead of text, errors too' },
  stack: { takes: '<folder>', about: 'takes database, Redis, cluster and key from the stack of this state folder' },
  help: { about: 'says how the command is called' },
};

/** Answers with the exit code; rejects never. */
export async function runOperator(args: readonly string[], io: OperatorIo): Promise<number> {
  const asJson = args.includes('--json');
  try {
    return await run(args, io, asJson);
  } catch (error) {
    const { code, exitCode } = verdictOn(error);
    const message = error instanceof Error ? error.message : String(error);
    if (asJson) io.print(JSON.stringify({ error: { code, message } }));
    else io.complain(message);
    return exitCode;
  }
}

async function run(args: readonly string[], io: OperatorIo, asJson: boolean): Promise<number> {
  const found = find(args);
  if (found === undefined) return withoutCommand(args, io);
  const { name, command, rest } = found;
  const { values, positionals } = parsed(command, rest);
  if (values.help) {
    io.print(commandHelp(name, command, GENERAL_OPTIONS));
    return EXIT_CODES.done;
  }
  if (positionals.length !== command.words)
    throw new WrongCall(`This is how it is called: operate ${name} ${command.usage}`);
  const call = new Call({ words: positionals, values, env: io.env, folder: io.folder });
  const { json, lines, isWrong = false } = await command.run(call);
  for (const line of asJson ? [JSON.stringify(json)] : lines) io.print(line);
  return isWrong ? EXIT_CODES.wrong : EXIT_CODES.done;
}

/** Names have one word or two (`keys create`). */
function find(args: readonly string[]): { name: string; command: Command; rest: string[] } | undefined {
  for (const words of [2, 1]) {
    const name = args.slice(0, words).join(' ');
    const command = COMMANDS[name];
    if (command) return { name, command, rest: args.slice(words) };
  }
  return undefined;
}

function withoutCommand(args: readonly string[], { print }: OperatorIo): number {
  const asked = args.filter((word) => !word.startsWith('-')).join(' ');
  if (asked !== '')
    throw new WrongCall(`There is no command "${asked}". There are: ${Object.keys(COMMANDS).join(', ')}.`);
  print(overview(COMMANDS));
  return args.includes('--help') ? EXIT_CODES.done : EXIT_CODES.misused;
}

function parsed(command: Command, args: string[]) {
  const known = Object.entries({ ...GENERAL_OPTIONS, ...command.options });
  const options = Object.fromEntries(
    known.map(([name, { takes }]) => [
      name,
      { type: takes === undefined ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new WrongCall(error instanceof Error ? error.message : String(error));
  }
}

function verdictOn(error: unknown): { code: string; exitCode: number } {
  if (error instanceof WrongCall) return { code: 'WrongCall', exitCode: EXIT_CODES.misused };
  if (error instanceof ConfigurationError) return { code: 'WrongConfiguration', exitCode: EXIT_CODES.misused };
  return { code: isFault(error) ? error.code : 'Failed', exitCode: EXIT_CODES.notDone };
}
