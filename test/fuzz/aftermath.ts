/** What must hold once the attack is over: ready, settled, counted right, billed right, and nothing logged as an error. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Ground } from './ground.ts';
import type { Judge } from './judge.ts';

const SETTLES_WITHIN_MS = 120_000;

interface Listed {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly generation: number; readonly deletionTimestamp?: string };
    readonly status: { readonly observedGeneration: number; readonly phase: string };
  }[];
  readonly nextPageToken?: string;
}

type Get = (path: string) => Promise<unknown>;

export async function judgeAftermath(ground: Ground, judge: Judge, projects: readonly string[]): Promise<void> {
  const { stack } = ground;
  const get: Get = async (path) => {
    const reply = await fetch(stack.rest + path, { headers: { authorization: `Bearer ${stack.adminKey}` } });
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
    return reply.json();
  };
  const { status } = await fetch(`${stack.rest}/readyz`);
  if (status !== 200) judge.fault(`the API is not ready: ${status}`);
  for (const project of projects) await judgeSettled(get, judge, project);
  for (const words of [['recount'], ['audit', '--all'], ['orphans']])
    await ground
      .operate(...words)
      .catch((error: { stdout?: string; message: string }) =>
        judge.fault(`operate ${words.join(' ')} finds something wrong`, error.stdout || error.message),
      );
  for (const line of ground.loggedErrors()) judge.fault(`logged: ${wordsOf(line)}`, line.slice(0, 2_000));
}

/** A resource whose wish the worker has seen and that is not on its way out. */
async function judgeSettled(get: Get, judge: Judge, project: string): Promise<void> {
  for (const deadline = Date.now() + SETTLES_WITHIN_MS; ; await pause(1_000)) {
    const open = await unsettled(get, project);
    if (open.length === 0) return;
    if (Date.now() > deadline) return judge.fault(`${project} does not settle`, open.slice(0, 10).join('\n  '));
  }
}

async function unsettled(get: Get, project: string): Promise<string[]> {
  const open: string[] = [];
  for (const kind of ['vm-disks', 'vm-instances'])
    for (let token: string | undefined = ''; token !== undefined; ) {
      const page = (await get(
        `/v1/projects/${project}/${kind}?pageSize=1000${token && `&pageToken=${token}`}`,
      )) as Listed;
      for (const { metadata, status } of page.items)
        if (status.observedGeneration !== metadata.generation || metadata.deletionTimestamp)
          open.push(
            `${kind}/${metadata.name}: ${status.phase}, generation ${metadata.generation}, seen ${status.observedGeneration}`,
          );
      token = page.nextPageToken || undefined;
    }
  return open;
}

function wordsOf(line: string): string {
  const { msg, err } = JSON.parse(line) as { msg?: string; err?: { message?: string } };
  return `${msg ?? ''} ${err?.message ?? ''}`.replace(/[0-9a-f-]{8,}/g, '…').slice(0, 200);
}
