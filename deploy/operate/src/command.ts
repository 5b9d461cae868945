/** What a command of the operator is: how it is called, what it says, and how it judges what it found. */
import { type ConfigOf, type Environment, readConfig, type Settings } from '@compute/runtime';
import { environmentOfStack } from './stack-environment.ts';

/** Called wrongly: an argument that is missing or unknown. The message says what to write instead. */
export class WrongCall extends Error {}

export interface CommandOption {
  /** What stands behind it, as the help shows it; absent: the option stands alone. */
  readonly takes?: string;
  readonly about: string;
}

export interface Report {
  /** What `--json` prints. */
  readonly json: object;
  /** The same for people, a line each. */
  readonly lines: readonly string[];
  /** Something is not as it must be: the command ends with 1. */
  readonly isWrong?: boolean;
}

export interface Command {
  /** What follows the name: `<file> --keys <file>`. */
  readonly usage: string;
  /** One sentence. */
  readonly about: string;
  /** Arguments that do not begin with a dash: how many there must be. */
  readonly words: number;
  readonly options: Readonly<Record<string, CommandOption>>;
  /** What exit code 1 says of this command; absent: it never ends with 1. */
  readonly wrongWhen?: string;
  readonly run: (call: Call) => Promise<Report>;
}

export interface CallParts {
  readonly words: readonly string[];
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly env: Environment;
  /** Relative paths begin here. */
  readonly folder: string;
}

/** One call of a command. */
export class Call {
  readonly folder: string;
  readonly #parts: CallParts;

  constructor(parts: CallParts) {
    this.#parts = parts;
    this.folder = parts.folder;
  }

  /** The word at a place; the number of words was checked before. */
  word(index: number): string {
    return this.#parts.words[index] ?? '';
  }

  text(option: string): string | undefined {
    const value = this.#parts.values[option];
    return typeof value === 'string' ? value : undefined;
  }

  /** Throws `WrongCall` when it is not given. */
  required(option: string): string {
    const value = this.text(option);
    if (value === undefined) throw new WrongCall(`--${option} is missing.`);
    return value;
  }

  flag(option: string): boolean {
    return this.#parts.values[option] === true;
  }

  /** The environment, or what the stack of `--stack` says. Throws ConfigurationError. */
  settings<const S extends Settings>(settings: S): ConfigOf<S> {
    const stack = this.text('stack');
    const env = stack === undefined ? this.#parts.env : environmentOfStack(stack, this.folder, this.#parts.env);
    return readConfig(settings, env);
  }
}
