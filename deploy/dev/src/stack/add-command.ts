/** `npm run api` and `npm run worker`: one more of each against the running stack, known to it through `stack.json`. */
import { spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createLogger, Shutdown } from '@compute/runtime';
import { exited } from '../process/leash.ts';
import { MissingPart } from '../process/missing-part.ts';
import { freePort } from '../process/ports.ts';
import { answers, type StackBackends, startApi, startWorker } from './services.ts';
import {
  changeStackFile,
  readStackFile,
  type ServiceName,
  type StackFile,
  withoutService,
  withService,
} from './stack-file.ts';
import type { StackProcess } from './stack-process.ts';
import type { StateFolder } from './state-folder.ts';
import { shown } from './welcome.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);

interface Added {
  readonly part: StackProcess;
  /** Where it serves /readyz and /metrics. */
  readonly http: string;
  readonly description: string;
}

export async function addCommand(folder: StateFolder, service: ServiceName, args: readonly string[]): Promise<void> {
  const stack = readStackFile(folder);
  if (stack === undefined) throw new MissingPart(`No stack runs in ${shown(folder.path)}: \`npm start\` starts one.`);
  if (args.includes('--detach')) return addDetached(folder, service);
  const shutdown = new Shutdown({ logger: createLogger({ service: 'dev-stack', level: 'warn' }), deadlineMs: 30_000 });
  shutdown.listen();
  const added = await start(folder, stack, service);
  const metrics = `${added.http}/metrics`;
  shutdown.register(service, added.part.stop);
  shutdown.register('stack file', () => changeStackFile(folder, (now) => withoutService(now, service, added.part.pid)));
  await answers(`${added.http}/readyz`);
  await changeStackFile(folder, (now) => withService(now, service, added.part.pid, metrics));
  say(
    `${added.description} (process ${added.part.pid}) is ready; its log is ${shown(added.part.logFile)}. Ctrl-C stops it.`,
  );
  const outcome = await added.part.ended;
  if (!shutdown.stopping) say(`The ${service} ended (${outcome}).`);
  process.exitCode = await shutdown.stop('the service ended');
}

async function start(folder: StateFolder, stack: StackFile, service: ServiceName): Promise<Added> {
  const backends = { databaseUrl: stack.databaseUrl, redisUrl: stack.redisUrl, kubeconfig: stack.cluster.kubeconfig };
  const name = `${service}-${process.pid}`;
  return service === 'api' ? addApi(folder, stack, backends, name) : addWorker(folder, backends, name);
}

/** Takes the stack's own ports when nobody serves them any more, so that its addresses are good again. */
async function addApi(folder: StateFolder, stack: StackFile, backends: StackBackends, name: string): Promise<Added> {
  const rest = await freePort(Number(new URL(stack.rest).port));
  const grpc = await freePort(Number(stack.grpc.split(':')[1]));
  const kube = await freePort(stack.kube === undefined ? undefined : Number(new URL(stack.kube).port));
  const http = `http://127.0.0.1:${rest}`;
  const part = await startApi(folder, backends, { rest, grpc, kube }, name);
  return { part, http, description: `API at ${http}, gRPC at 127.0.0.1:${grpc}, kubectl at https://127.0.0.1:${kube}` };
}

async function addWorker(folder: StateFolder, backends: StackBackends, name: string): Promise<Added> {
  const port = await freePort();
  const part = await startWorker(folder, backends, port, name);
  return { part, http: `http://127.0.0.1:${port}`, description: 'Worker' };
}

async function addDetached(folder: StateFolder, service: ServiceName): Promise<void> {
  const logFile = join(folder.logs, `added-${service}.log`);
  const output = openSync(logFile, 'w');
  const cli = fileURLToPath(new URL('../cli.js', import.meta.url));
  const child = spawn(process.execPath, [cli, service], { detached: true, stdio: ['ignore', output, output] });
  let ended = false;
  void exited(child).then(() => {
    ended = true;
  });
  while (!ended && !readFileSync(logFile, 'utf8').includes('is ready')) await delay(100);
  say(readFileSync(logFile, 'utf8').trimEnd());
  if (ended) throw new MissingPart(`The ${service} did not start.`);
  child.unref();
}
