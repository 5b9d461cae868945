/**
 * Keeps a server of the stack running: one that ends unasked is started again in its place, as a machine would do it.
 * The services of the product are not started again, so that a developer can see what a killed one leaves behind.
 */
import { setTimeout as delay } from 'node:timers/promises';

export interface Server {
  readonly pid: number;
  readonly ended: Promise<number | string>;
  stop(): Promise<void>;
}

export interface KeptRunning {
  readonly pid: number;
  /** Ends the server for good. */
  stop(): Promise<void>;
}

export interface KeptRunningSettings<T extends Server> {
  readonly name: string;
  readonly start: () => Promise<T>;
  readonly first: T;
  readonly say: (line: string) => void;
  readonly onRestart: (server: T) => void;
}

const ATTEMPTS = 5;

export function keepRunning<T extends Server>(settings: KeptRunningSettings<T>): KeptRunning {
  let current = settings.first;
  let stopping = false;
  let restarting: Promise<void> = Promise.resolve();

  const watch = (server: T) => {
    void server.ended.then((outcome) => {
      if (stopping) return;
      settings.say(`${settings.name} (${server.pid}) ended by itself (${outcome}): starting it again.`);
      restarting = restart();
    });
  };
  const restart = async () => {
    for (let attempt = 1; attempt <= ATTEMPTS && !stopping; attempt += 1) {
      await delay(attempt * 300);
      const server = await settings.start().catch((error: Error) => error);
      if (!(server instanceof Error)) return adopt(server);
      if (attempt === ATTEMPTS) settings.say(`${settings.name} does not start any more: ${server.message}`);
    }
  };
  const adopt = (server: T) => {
    current = server;
    watch(server);
    settings.onRestart(server);
  };

  watch(current);
  return {
    get pid() {
      return current.pid;
    },
    stop: async () => {
      stopping = true;
      await restarting;
      await current.stop();
    },
  };
}
