/**
 * Looks into a running process through its inspector: collects its garbage and says what is left. The inspector is
 * opened by a signal, on a free port of loopback, and its address stands in the process' log.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

export interface Footprint {
  /** After a collection of garbage. */
  readonly heapBytes: number;
  readonly outsideHeapBytes: number;
  readonly residentBytes: number;
  /** Sockets, timers and other resources that keep the process awake. */
  readonly handles: number;
  readonly openFiles: number;
}

const ADDRESS = /Debugger listening on (ws:\/\/\S+)/g;
const PATIENCE_MS = 10_000;

/** Environment for processes that will be looked into: a port of their own each. */
export const PROBED = { NODE_OPTIONS: '--inspect-port=127.0.0.1:0' };

export class ProcessProbe {
  readonly #pid: number;
  readonly #logFile: string;
  #address: string | undefined;

  constructor(pid: number, logFile: string) {
    this.#pid = pid;
    this.#logFile = logFile;
  }

  async footprint(): Promise<Footprint> {
    const call = await this.#open();
    try {
      await call('HeapProfiler.enable');
      for (let round = 0; round < 3; round += 1) await call('HeapProfiler.collectGarbage');
      const expression = 'JSON.stringify([process.memoryUsage(), process.getActiveResourcesInfo().length])';
      const answer = (await call('Runtime.evaluate', { expression, returnByValue: true })) as {
        result: { value: string };
      };
      const [memory, handles] = JSON.parse(answer.result.value) as [NodeJS.MemoryUsage, number];
      return {
        ...{ heapBytes: memory.heapUsed, outsideHeapBytes: memory.external, residentBytes: memory.rss },
        ...{ handles, openFiles: readdirSync(`/proc/${this.#pid}/fd`).length },
      };
    } finally {
      call.close();
    }
  }

  async #open(): Promise<Inspector> {
    this.#address ??= await this.#openInspector();
    const socket = new WebSocket(this.#address);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = reject;
    });
    return inspectorOver(socket);
  }

  async #openInspector(): Promise<string> {
    process.kill(this.#pid, 'SIGUSR1');
    for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await pause(100)) {
      const address = [...readFileSync(this.#logFile, 'utf8').matchAll(ADDRESS)].at(-1)?.[1];
      if (address !== undefined) return address;
    }
    throw new Error(`process ${this.#pid} did not open its inspector`);
  }
}

interface Inspector {
  (method: string, params?: object): Promise<unknown>;
  close(): void;
}

function inspectorOver(socket: WebSocket): Inspector {
  const waiting = new Map<number, (result: unknown) => void>();
  let last = 0;
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id?: number; result?: unknown };
    if (id !== undefined) waiting.get(id)?.(result);
  };
  const call = (method: string, params: object = {}): Promise<unknown> =>
    new Promise((resolve) => {
      last += 1;
      waiting.set(last, resolve);
      socket.send(JSON.stringify({ id: last, method, params }));
    });
  return Object.assign(call, { close: () => socket.close() });
}
