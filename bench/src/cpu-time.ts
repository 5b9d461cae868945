/** CPU time of processes and of everything they started, from Linux's /proc. */
import { readdirSync, readFileSync } from 'node:fs';

/** A clock tick of /proc is 10 ms on every Linux that Node runs on. */
const MICROS_PER_TICK = 10_000;

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

/** Microseconds that the processes and their living and ended children have used so far; 0 where there is no /proc. */
export function cpuMicrosOf(roots: readonly number[]): number {
  const all = allProcesses();
  const wanted = new Set(roots);
  for (let grew = true; grew; ) {
    const more = all.filter(({ pid, parent }) => wanted.has(parent) && !wanted.has(pid));
    for (const { pid } of more) wanted.add(pid);
    grew = more.length > 0;
  }
  const ticks = all.filter(({ pid }) => wanted.has(pid)).reduce((sum, stat) => sum + stat.ticks, 0);
  return ticks * MICROS_PER_TICK;
}

function allProcesses(): ProcessStat[] {
  try {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.map(readStat).filter((stat) => stat !== undefined);
  } catch {
    return [];
  }
}

function readStat(pid: string): ProcessStat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [, parent = 0] = fields;
    const ticks = fields.slice(11, 15).reduce((sum, value) => sum + value, 0); // user, system, and both of ended children
    return { pid: Number(pid), parent, ticks };
  } catch {
    return undefined; // it ended meanwhile
  }
}
