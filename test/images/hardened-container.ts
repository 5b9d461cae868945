/**
 * A container of the product as an installation runs it: root file system read-only, no capability, no new privileges, bounded
 * memory and processes, secrets from files. On the host's network, since the test's engine makes no other.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from './engine.ts';

export const HARDENED = [
  '--network=host',
  '--read-only',
  '--cap-drop=ALL',
  '--security-opt=no-new-privileges',
  '--memory=1g',
  '--pids-limit=200',
];

const LOOK_EVERY_MS = 250;
const END_WITHIN_MS = 60_000;

export interface ContainerSettings {
  readonly name: string;
  readonly image: string;
  readonly env: Readonly<Record<string, string>>;
  /** A folder of the machine that it reads as /run/secrets. */
  readonly secrets: string;
  readonly args?: readonly string[];
}

export interface Ending {
  readonly code: number;
  readonly durationMs: number;
}

/** What a container that ends by itself printed, and how it ended. */
export function runToEnd(engine: Engine, settings: ContainerSettings) {
  return engine.tryDocker(['run', '--rm', ...terms(settings)]);
}

export class HardenedContainer {
  readonly #engine: Engine;
  readonly name: string;

  private constructor(engine: Engine, name: string) {
    this.#engine = engine;
    this.name = name;
  }

  static async start(engine: Engine, settings: ContainerSettings): Promise<HardenedContainer> {
    await engine.docker(['run', '--detach', ...terms(settings)]);
    return new HardenedContainer(engine, settings.name);
  }

  /** Resolves with how long it took until the image's own health check was content. Throws with the logs otherwise. */
  async healthy(withinMs: number): Promise<number> {
    const began = performance.now();
    for (const deadline = began + withinMs; performance.now() < deadline; await sleep(LOOK_EVERY_MS)) {
      const [status, health] = (await this.#inspect('{{.State.Status}} {{.State.Health.Status}}')).split(' ');
      if (health === 'healthy') return Math.round(performance.now() - began);
      if (status === 'exited') break;
    }
    throw new Error(`${this.name} did not become healthy:\n${await this.logs()}`);
  }

  /** Runs JavaScript in the container with its own Node and gives what it prints. */
  evaluate(source: string): Promise<string> {
    return this.#engine.docker(['exec', this.name, 'node', '-e', source]);
  }

  exec(args: readonly string[]) {
    return this.#engine.tryDocker(['exec', this.name, ...args]);
  }

  /** Sends SIGTERM, as an engine or Kubernetes does, and waits for the end. */
  async terminate(): Promise<Ending> {
    const began = performance.now();
    await this.#engine.docker(['kill', '--signal=TERM', this.name]);
    const code = await this.#engine.docker(['wait', this.name], { timeoutMs: END_WITHIN_MS });
    return { code: Number(code), durationMs: Math.round(performance.now() - began) };
  }

  /** Files that it wrote into its own file system. */
  async written(): Promise<string[]> {
    const changed = await this.#engine.docker(['diff', this.name]);
    // The engine makes the places of its own mounts.
    return changed.split('\n').filter((line) => line !== '' && !/^[AC] \/(run|dev|etc)\b/.test(line));
  }

  async logs(): Promise<string> {
    const { out, err } = await this.#engine.tryDocker(['logs', '--tail', '30', this.name]);
    return `${out}${err}`;
  }

  async remove(): Promise<void> {
    await this.#engine.tryDocker(['rm', '--force', '--volumes', this.name]);
  }

  async #inspect(format: string): Promise<string> {
    return (await this.#engine.docker(['inspect', '--format', format, this.name])).trim();
  }
}

function terms({ name, image, env, secrets, args = [] }: ContainerSettings): string[] {
  const variables = Object.entries(env).flatMap(([variable, value]) => ['--env', `${variable}=${value}`]);
  return ['--name', name, ...HARDENED, '--volume', `${secrets}:/run/secrets:ro`, ...variables, image, ...args];
}
