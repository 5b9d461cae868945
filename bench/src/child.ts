/** A process of a bench's own: forked from a file beside it, ended with the bench. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endChild } from '@compute/dev-stack';
import type { BenchContext } from './bench.ts';

export interface Child<First> {
  readonly pid: number;
  /** The first thing that it said. */
  readonly first: First;
  /** Says something and waits for the answer. */
  ask<Answer>(message: string | number): Promise<Answer>;
  readonly process: ChildProcess;
}

/** `file` without its ending. Its log lines go nowhere. */
export async function startChild<First>(
  context: BenchContext,
  file: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Child<First>> {
  const child = fork(fileURLToPath(new URL(`${file}.js`, import.meta.url)), {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  context.defer(() => endChild(child, 'SIGKILL', 1_000));
  const [first] = (await once(child, 'message')) as [First];
  return {
    pid: child.pid ?? 0,
    first,
    process: child,
    ask: async <Answer>(message: string | number) => {
      child.send(message);
      const [answer] = (await once(child, 'message')) as [Answer];
      return answer;
    },
  };
}
