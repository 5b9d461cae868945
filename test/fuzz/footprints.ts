/** Whether a process keeps more and more while it is attacked: its heap after collections of garbage, its handles, its files. */
import type { Judge } from './judge.ts';
import type { Footprint, ProcessProbe } from './process-probe.ts';

const MEBIBYTE = 2 ** 20;
/** What caches, compiled code and connection pools may still take after the warm-up. */
const HEAP_SLACK = { share: 0.25, bytes: 24 * MEBIBYTE };
const COUNT_SLACK = 60;

export class Footprints {
  readonly #name: string;
  readonly #probe: ProcessProbe;
  readonly #seen: Footprint[] = [];

  constructor(name: string, probe: ProcessProbe) {
    this.#name = name;
    this.#probe = probe;
  }

  /** The first look is what the last is held against. */
  async look(): Promise<string> {
    const footprint = await this.#probe.footprint();
    this.#seen.push(footprint);
    return `${this.#name} ${describe(footprint)}`;
  }

  judge(judge: Judge): void {
    const [first, last] = [this.#seen[0], this.#seen.at(-1)];
    if (first === undefined || last === undefined) return;
    const evidence = `from ${describe(first)}\n  to ${describe(last)}`;
    const most = first.heapBytes * (1 + HEAP_SLACK.share) + HEAP_SLACK.bytes;
    if (last.heapBytes > most) judge.fault(`the heap of the ${this.#name} grows`, evidence);
    if (last.outsideHeapBytes > first.outsideHeapBytes * 2 + HEAP_SLACK.bytes)
      judge.fault(`the ${this.#name} grows outside its heap`, evidence);
    if (last.handles > first.handles + COUNT_SLACK) judge.fault(`the handles of the ${this.#name} grow`, evidence);
    if (last.openFiles > first.openFiles + COUNT_SLACK)
      judge.fault(`the open files of the ${this.#name} grow`, evidence);
  }
}

function describe({ heapBytes, outsideHeapBytes, residentBytes, handles, openFiles }: Footprint): string {
  const mib = (bytes: number) => `${(bytes / MEBIBYTE).toFixed(1)} MiB`;
  return `heap ${mib(heapBytes)}, outside it ${mib(outsideHeapBytes)}, resident ${mib(residentBytes)}, ${handles} handles, ${openFiles} files`;
}
