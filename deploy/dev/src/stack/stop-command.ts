/** `npm stop` and `npm run reset`, and what a start does about a stack that ended without cleaning up. */
import { existsSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { endPid, isAlive, isAliveAs } from '../process/stale-process.ts';
import { removePostgres } from '../servers/postgres.ts';
import { readStackFile, removeStackFile, removeStackFileRemains } from './stack-file.ts';
import { type StateFolder, stateEntries } from './state-folder.ts';
import { shown } from './welcome.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);
const STOP_PATIENCE_MS = 75_000;

/** The process that runs the stack of this folder, if it still does. */
export function runningSupervisor(folder: StateFolder): number | undefined {
  if (!existsSync(folder.supervisorFile)) return undefined;
  const pid = Number(readFileSync(folder.supervisorFile, 'utf8'));
  return isAliveAs(pid, 'deploy/dev') ? pid : undefined;
}

export async function stopCommand(folder: StateFolder): Promise<void> {
  const supervisor = runningSupervisor(folder);
  if (supervisor !== undefined) await endPid(supervisor, 'SIGTERM', STOP_PATIENCE_MS);
  const leftovers = await endLeftovers(folder);
  removeStackFile(folder);
  rmSync(folder.supervisorFile, { force: true });
  say(supervisor !== undefined || leftovers > 0 ? 'The stack has stopped.' : `No stack runs in ${shown(folder.path)}.`);
}

/** Ends processes of a stack whose supervisor is gone. Gives how many there were. */
export async function endLeftovers(folder: StateFolder): Promise<number> {
  const pids = readStackFile(folder)?.pids;
  if (pids === undefined) return 0;
  const services = [...pids.api, ...pids.worker].filter((pid) => isAliveAs(pid, 'services/'));
  const cluster = [pids.cluster].filter((pid) => pid !== undefined && isAliveAs(pid, 'simulator')) as number[];
  const servers = [
    ...[pids.redis].filter((pid) => pid !== undefined && isAliveAs(pid, 'redis')),
    ...[pids.postgres].filter((pid) => pid !== undefined && isAliveAs(pid, 'postgres')),
  ] as number[];
  for (const group of [services, cluster, servers]) {
    await Promise.all(group.filter(isAlive).map((pid) => endPid(pid, 'SIGINT', 20_000)));
  }
  return services.length + cluster.length + servers.length;
}

/** Stops the stack and removes its state: everything that a start makes, and the folder when nothing else is in it. */
export async function resetCommand(folder: StateFolder): Promise<void> {
  await stopCommand(folder);
  removePostgres(folder.postgres);
  for (const path of stateEntries(folder)) rmSync(path, { recursive: true, force: true });
  removeStackFileRemains(folder);
  try {
    rmdirSync(folder.path);
  } catch {
    // something of the developer's own lies there, or there never was a folder
  }
  say(`The state in ${shown(folder.path)} is forgotten.`);
}
