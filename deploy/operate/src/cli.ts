/** The program: `operate <command> [...]`. Files are named from where the person stands, also when npm changes the folder. */
import { runOperator } from './run-operator.ts';

// Who reads only the beginning, as `head` does, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

process.exitCode = await runOperator(process.argv.slice(2), {
  env: process.env,
  folder: process.env.INIT_CWD ?? process.cwd(),
  print: (line) => void process.stdout.write(`${line}\n`),
  complain: (line) => void process.stderr.write(`${line}\n`),
});
