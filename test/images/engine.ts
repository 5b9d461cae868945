/**
 * A Docker engine for the length of the test: the one that answers already, else one that the test starts in a folder of its
 * own, on a socket of its own, and ends by its process id.
 *
 * A reader could break: an engine of the test's own makes no bridge and touches no rule of the machine's network, and it never
 * listens on the usual socket, where other programs would take it for the machine's.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endChild, leash } from '@compute/dev-stack';
import { type Outcome, outputOf, pathOf, type RunOptions, run } from './commands.ts';
import { Missing } from './missing.ts';

const START_WITHIN_MS = 30_000;
const FETCH_WITHIN_MS = 120_000;
const ANSWER_WITHIN_MS = 5_000;
const STOP_WITHIN_MS = 30_000;
const UNCONNECTED = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false', '--ip-masq=false'];

type Say = (line: string) => void;

export class Engine {
  /** Whether it was there before; then it can have images from a registry. */
  readonly isGiven: boolean;
  readonly #env: Readonly<Record<string, string>>;
  readonly #stop: () => Promise<void>;

  private constructor(isGiven: boolean, host: string | undefined, stop: () => Promise<void>) {
    this.isGiven = isGiven;
    // Without BuildKit, which Debian's packages do not have; the Dockerfile is written for both.
    this.#env = { DOCKER_BUILDKIT: '0', ...(host === undefined ? {} : { DOCKER_HOST: host }) };
    this.#stop = stop;
  }

  /** Throws `Missing` when this machine can have no engine. The folder must lie on a real file system. */
  static async start(folder: string, say: Say): Promise<Engine> {
    if (pathOf('docker') !== undefined) {
      const given = new Engine(true, undefined, async () => undefined);
      if (await given.#answers()) return given;
    }
    installPrograms(say);
    return startOwn(folder, (host, stop) => new Engine(false, host, stop));
  }

  /** The environment with which programs of others, such as compose, reach it. */
  get environment(): Readonly<Record<string, string>> {
    return this.#env;
  }

  /** What `docker <args>` prints. Throws with its last words when it fails. */
  docker(args: readonly string[], options: RunOptions = {}): Promise<string> {
    return outputOf('docker', args, { ...options, env: this.#env });
  }

  /** The same, however it ends. */
  tryDocker(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return run('docker', args, { ...options, env: this.#env });
  }

  /** Whether an image is there, or could be fetched. */
  async has(image: string): Promise<boolean> {
    if ((await this.tryDocker(['image', 'inspect', image])).code === 0) return true;
    return (await this.tryDocker(['pull', '--quiet', image], { timeoutMs: FETCH_WITHIN_MS })).code === 0;
  }

  async stop(): Promise<void> {
    await this.#stop();
  }

  async #answers(): Promise<boolean> {
    const asked = await this.tryDocker(['version'], { timeoutMs: ANSWER_WITHIN_MS });
    return asked.code === 0;
  }

  async awaitAnswer(isOver: () => boolean): Promise<void> {
    for (const deadline = Date.now() + START_WITHIN_MS; Date.now() < deadline && !isOver(); await sleep(200)) {
      if (await this.#answers()) return;
    }
    throw new Missing('dockerd did not start here: it needs root, cgroups and a file system that overlays can lie on.');
  }
}

function installPrograms(say: Say): void {
  if (process.getuid?.() !== 0) throw new Missing('No Docker engine answers, and only root can start one.');
  const isThere = () => pathOf('dockerd') !== undefined && pathOf('docker') !== undefined;
  if (isThere()) return;
  say('No Docker engine is here: installing docker.io with apt-get.');
  const apt = (...args: string[]) =>
    spawnSync('apt-get', args, { stdio: 'ignore', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  const install = () => apt('install', '-y', '--no-install-recommends', 'docker.io');
  if (install().status !== 0 && apt('update').status === 0) install();
  if (!isThere())
    throw new Missing('No Docker engine is here, and apt-get could not install docker.io: install Docker.');
}

async function startOwn(folder: string, make: (host: string, stop: () => Promise<void>) => Engine): Promise<Engine> {
  mkdirSync(folder, { recursive: true });
  const host = `unix://${join(folder, 'docker.sock')}`;
  const child = spawnDaemon(folder, host);
  const guard = leash(child, { signal: 'TERM' });
  const engine = make(host, async () => {
    await endChild(child, 'SIGTERM', STOP_WITHIN_MS);
    guard.release();
    rmSync(folder, { recursive: true, force: true });
  });
  try {
    await engine.awaitAnswer(() => child.exitCode !== null);
    return engine;
  } catch (error) {
    await engine.stop();
    throw error;
  }
}

function spawnDaemon(folder: string, host: string): ChildProcess {
  const log = openSync(join(folder, 'dockerd.log'), 'a');
  const places = ['data-root', 'exec-root', 'pidfile'].flatMap((name) => [`--${name}`, join(folder, name)]);
  return spawn('dockerd', ['--host', host, ...places, ...UNCONNECTED], { stdio: ['ignore', log, log], detached: true });
}
