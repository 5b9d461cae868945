/** Objects in the cluster that say they are ours and whose row is gone, as after a restore of the database. */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type OwnedObject, openCluster } from '@compute/cluster';
import { builtinCatalogue, Fault } from '@compute/domain';
import { optional, textSetting } from '@compute/runtime';
import type { Call, Command } from '../command.ts';
import { withStore } from '../store-call.ts';

const LISTED_WITHIN_MS = 60_000;

export const orphans: Command = {
  usage: '',
  about:
    'Lists the objects in the cluster with our labels that no resource has. They run unpaid; nothing is done to them.',
  words: 0,
  options: {},
  wrongWhen: 'there are such objects',
  run: async (call) => {
    const objects = await ownedObjects(call);
    // Asked after the cluster, so that what was made meanwhile has its row.
    const rowless = await withStore(call, async (store) => {
      const uids = [...new Set(objects.map(({ row }) => row.uid))];
      return new Set(await store.uidsWithoutRow(uids));
    });
    const found = objects.filter(({ row }) => rowless.has(row.uid));
    const verdict = `${objects.length} objects are ours, ${found.length} of them have no row.`;
    return {
      json: { ok: found.length === 0, objects: objects.length, orphans: found },
      lines: [...found.map(lineOf), verdict],
      isWrong: found.length > 0,
    };
  },
};

/** Throws `Unavailable` when the cluster does not list them in time. */
async function ownedObjects(call: Call): Promise<OwnedObject[]> {
  const kubeconfigSetting = optional(textSetting('KUBECONFIG', { description: 'how to reach the cluster.' }));
  const { kubeconfig } = call.settings({ kubeconfig: kubeconfigSetting });
  let trouble: unknown;
  const cluster = await openCluster({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    catalogue: builtinCatalogue,
    // Nothing is rendered here.
    hashKeys: () => [randomBytes(32)],
    onError: (error) => {
      trouble = error;
    },
  });
  const timeout = new AbortController();
  try {
    const late = pause(LISTED_WITHIN_MS, undefined, { signal: timeout.signal }).then(() => {
      throw new Fault('Unavailable', `The cluster did not list its objects: ${String(trouble)}`, {}, trouble);
    });
    late.catch(() => undefined);
    await Promise.race([cluster.synced(), late]);
    return cluster.ownedObjects();
  } finally {
    timeout.abort();
    await cluster.close();
  }
}

function lineOf({ kind, namespace, name, row }: OwnedObject): string {
  return `${kind} ${namespace}/${name}  of ${row.kind} ${row.uid}`;
}
