/**
 * Starts the parts of a stack in the order in which they lean on each other, and stops them in the reverse order.
 *
 * Owns `supervisor.pid` and `stack.json` of the folder. A reader could break: `stack.json` appears only when everything
 * answers and goes before anything stops, so who reads it can rely on what it names.
 */
import { createWriteStream, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger, type Logger, Shutdown } from '@compute/runtime';
import { migrate } from '@compute/store';
import { MissingPart } from '../process/missing-part.ts';
import { endPid, isAlive } from '../process/stale-process.ts';
import { type BackendServers, startBackends } from './backends.ts';
import { writeExampleManifest } from './example-manifest.ts';
import { checkGivenParts, type GivenParts } from './given-parts.ts';
import { writeKubeconfig } from './kubectl-access.ts';
import { answers, startApi, startWorker } from './services.ts';
import {
  changeStackFile,
  readStackFile,
  removeStackFile,
  type ServiceName,
  type StackFile,
  type StackPids,
  withoutDeadServices,
  withoutService,
  writeStackFile,
} from './stack-file.ts';
import { DEMO_PROJECT, ensureKeys, type StackKeys } from './stack-keys.ts';
import { choosePorts, type StackPorts } from './stack-ports.ts';
import type { StackProcess } from './stack-process.ts';
import { createStateFolder, type StateFolder } from './state-folder.ts';
import { runningSupervisor } from './stop-command.ts';
import { shown } from './welcome.ts';

type Say = (line: string) => void;

const STOP_WITHIN_MS = 60_000;
const LOOK_FOR_DEAD_EVERY_MS = 2_000;

export class Supervisor {
  readonly #folder: StateFolder;
  readonly #say: Say;
  readonly #shutdown: Shutdown;
  readonly #logger: Logger;
  readonly #logFile: string;
  #failed = false;

  constructor(folder: StateFolder, say: Say) {
    this.#folder = folder;
    this.#say = say;
    createStateFolder(folder);
    this.#logFile = join(folder.logs, 'supervisor.log');
    this.#logger = createLogger({
      service: 'dev-stack',
      destination: createWriteStream(this.#logFile, { flags: 'a' }),
    });
    this.#shutdown = new Shutdown({ logger: this.#logger, deadlineMs: STOP_WITHIN_MS });
  }

  /**
   * Starts everything; the stack then runs until a signal.
   * @throws MissingPart, with everything stopped, when a part does not start: a sentence and the path of a log.
   */
  async start(): Promise<StackFile> {
    const given = await checkGivenParts(this.#folder);
    claimFolder(this.#folder);
    this.#shutdown.listen();
    this.#shutdown.register('farewell', () => (this.#failed ? undefined : this.#say('Everything has stopped.')));
    this.#shutdown.register('supervisor file', () => rmSync(this.#folder.supervisorFile, { force: true }));
    try {
      return await this.#startParts(given);
    } catch (error) {
      this.#failed = true; // the failure has the last word
      this.#logger.event('stack.part-failed', { err: error });
      await this.#shutdown.stop('a part did not start');
      throw inOneSentence(error, this.#logFile);
    }
  }

  async #startParts(given: GivenParts): Promise<StackFile> {
    const ports = await choosePorts(this.#folder);
    const backends = await startBackends({
      folder: this.#folder,
      given,
      ports,
      say: this.#say,
      onStarted: (name, part) => this.#shutdown.register(name, part.stop),
      onRestart: (pids) => this.#change((stack) => ({ ...stack, pids: { ...stack.pids, ...pids } })),
    });
    await migrate(backends.databaseUrl);
    const keys = await ensureKeys(this.#folder, backends.databaseUrl);
    writeExampleManifest(this.#folder, backends.images);
    const worker = await startWorker(this.#folder, backends, ports.workerMetrics);
    this.#watch('worker', worker);
    const api = await startApi(this.#folder, backends, ports);
    this.#watch('api', api);
    await Promise.all([answers(`${restOf(ports)}/readyz`), answers(`http://127.0.0.1:${ports.workerMetrics}/readyz`)]);
    return this.#publish({ ports, backends, keys, pids: { api: [api.pid], worker: [worker.pid], ...backends.pids() } });
  }

  #publish(parts: { ports: StackPorts; backends: BackendServers; keys: StackKeys; pids: StackPids }): StackFile {
    const { ports, backends, keys, pids } = parts;
    const metrics = metricsOf(ports);
    const stack: StackFile = {
      rest: restOf(ports),
      grpc: `127.0.0.1:${ports.grpc}`,
      docs: `${restOf(ports)}/docs`,
      kube: kubeOf(ports),
      kubeconfig: this.#folder.kubeconfig,
      metrics: [metrics.api, metrics.worker].sort(),
      metricsOf: { ...forEach(pids.api, metrics.api), ...forEach(pids.worker, metrics.worker) },
      project: DEMO_PROJECT,
      ...keys,
      cluster: backends.cluster,
      images: backends.images,
      databaseUrl: backends.databaseUrl,
      redisUrl: backends.redisUrl,
      logs: this.#folder.logs,
      pids,
    };
    writeKubeconfig(this.#folder, kubeOf(ports), keys);
    writeStackFile(this.#folder, stack);
    const looking = setInterval(() => this.#change(withoutDeadServices), LOOK_FOR_DEAD_EVERY_MS);
    this.#shutdown.register('stack file and added services', () => {
      clearInterval(looking);
      return this.#retract([...pids.api, ...pids.worker]);
    });
    return stack;
  }

  /** Removes the file and ends the services that `npm run api` and `npm run worker` added. */
  async #retract(own: readonly number[]): Promise<void> {
    const stack = readStackFile(this.#folder);
    removeStackFile(this.#folder);
    const added = [...(stack?.pids.api ?? []), ...(stack?.pids.worker ?? [])].filter((pid) => !own.includes(pid));
    await Promise.all(added.filter(isAlive).map((pid) => endPid(pid, 'SIGTERM', 20_000)));
  }

  #watch(service: ServiceName, part: StackProcess): void {
    this.#shutdown.register(service, part.stop);
    void part.ended.then((outcome) => {
      if (this.#shutdown.stopping) return;
      this.#say(
        `The ${service} (${part.pid}) ended (${outcome}): \`npm run ${service}\` starts another; its log is ${part.logFile}.`,
      );
      this.#change((stack) => withoutService(stack, service, part.pid));
    });
  }

  #change(change: (stack: StackFile) => StackFile): void {
    if (this.#shutdown.stopping) return;
    changeStackFile(this.#folder, change).catch((error: Error) => this.#say(error.message));
  }
}

/** What a person reads of a failure; the rest of it is in the log. */
function inOneSentence(error: unknown, logFile: string): MissingPart {
  if (error instanceof MissingPart) return error;
  const [first = ''] = (error instanceof Error ? error.message : String(error)).split('\n', 1);
  const reason = first.replace(/[.:\s]+$/, '');
  return new MissingPart(`The stack did not start (${reason}); the details are in ${shown(logFile)}.`, error);
}

/** @throws MissingPart when another process runs a stack in the folder. */
function claimFolder(folder: StateFolder): void {
  if (runningSupervisor(folder) === undefined) rmSync(folder.supervisorFile, { force: true });
  try {
    writeFileSync(folder.supervisorFile, String(process.pid), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new MissingPart(`Another process starts a stack in ${shown(folder.path)}.`);
  }
}

function restOf(ports: StackPorts): string {
  return `http://127.0.0.1:${ports.rest}`;
}

function kubeOf(ports: StackPorts): string {
  return `https://127.0.0.1:${ports.kube}`;
}

function metricsOf(ports: StackPorts): Record<ServiceName, string> {
  return { api: `${restOf(ports)}/metrics`, worker: `http://127.0.0.1:${ports.workerMetrics}/metrics` };
}

function forEach(pids: readonly number[], metrics: string): Record<string, string> {
  return Object.fromEntries(pids.map((pid) => [pid, metrics]));
}
