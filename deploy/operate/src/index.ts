/** The operator's command, as a function for tests and as a program (`cli.ts`). */
export { COMMANDS } from './commands/commands.ts';
export { EXIT_CODES, type OperatorIo, runOperator } from './run-operator.ts';
