/** Puts what the real controllers expect to find into an API server: definitions first, then objects of any kind, by discovery. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type KubeClient, type KubeObject, resourceKind } from '@compute/kube-client';
import { parseAllDocuments } from 'yaml';

const PATIENCE_MS = 60_000;

interface Definition extends KubeObject {
  status?: { conditions?: { type: string; status: string }[] };
}

const definitions = resourceKind<Definition>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
});

/** The objects of all files of a folder. */
export function objectsIn(folder: string): KubeObject[] {
  return readdirSync(folder)
    .sort()
    .flatMap((file) => parseAllDocuments(readFileSync(join(folder, file), 'utf8')))
    .map((document) => document.toJS() as KubeObject);
}

/** Makes the definitions and resolves when the server serves all of them. */
export async function installDefinitions(client: KubeClient, objects: readonly KubeObject[]): Promise<void> {
  for (const object of objects) {
    const { status: _status, ...wanted } = object as Definition;
    await client.create<Definition>(definitions, wanted);
  }
  const deadline = Date.now() + PATIENCE_MS;
  const isServed = async ({ metadata }: KubeObject): Promise<boolean> => {
    const conditions = (await client.get(definitions, metadata))?.status?.conditions ?? [];
    return conditions.some(({ type, status }) => type === 'Established' && status === 'True');
  };
  for (const object of objects) {
    while (!(await isServed(object))) {
      if (Date.now() > deadline) throw new Error(`${object.metadata.name} is not served.`);
      await delay(100);
    }
  }
}

/** Makes objects of any kind that the server knows, in order. A status is kept where it is no subresource. */
export async function createObjects(client: KubeClient, objects: readonly KubeObject[]): Promise<void> {
  for (const object of objects) {
    const kind = await kindOf(client, object);
    await client.create(kind, object);
  }
}

/** The kind of an object as the server knows it; waits a while for one that is being served. */
export async function kindOf(client: KubeClient, { apiVersion = '', kind = '' }: KubeObject) {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  const root = group === '' ? `/api/${version}` : `/apis/${apiVersion}`;
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await client.raw<{ resources: { name: string; kind: string; namespaced: boolean }[] }>('GET', root);
    const resource = found.resources.find((one) => one.kind === kind && !one.name.includes('/'));
    if (resource !== undefined) {
      return resourceKind({ group, version, kind, plural: resource.name, namespaced: resource.namespaced });
    }
    if (Date.now() > deadline) throw new Error(`${apiVersion} ${kind} is not served.`);
    await delay(100);
  }
}
