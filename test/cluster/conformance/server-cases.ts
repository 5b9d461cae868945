/** What the product leans on in any API server: optimistic locking, server-side apply, watches. */
import { randomUUID } from 'node:crypto';
import { Informer, isConflict, type KubeError, type KubeObject, resourceKind } from '@compute/kube-client';
import { describe, expect, it } from 'vitest';
import type { Stage } from './stage.ts';

interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
}

const configMaps = resourceKind<ConfigMap>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
});
const namespace = 'default';

export function serverCases(stage: () => Stage): void {
  describe.concurrent('the API server', () => {
    const object = (data: Record<string, string>, name = `case-${randomUUID().slice(0, 8)}`): ConfigMap => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace },
      data,
    });

    it('refuses a write to a version that is not the newest', async () => {
      const { admin } = stage();
      const first = await admin.create(configMaps, object({ a: '1' }));
      await admin.replace(configMaps, { ...first, data: { a: '2' } });
      const late = await admin.replace(configMaps, { ...first, data: { a: '3' } }).catch((error: unknown) => error);
      expect(isConflict(late)).toBe(true);
    });

    it('refuses a field that another manager applied, names the manager, and gives it with force', async () => {
      const { admin } = stage();
      const wanted = object({ key: 'ours' });
      await admin.apply(configMaps, wanted, { fieldManager: 'first' });
      const theirs = { ...wanted, data: { key: 'theirs' } };
      const refused = await admin
        .apply(configMaps, theirs, { fieldManager: 'second' })
        .catch((error: unknown) => error);
      expect(isConflict(refused)).toBe(true);
      expect((refused as KubeError).message).toContain('conflict with "first": .data.key');
      const forced = await admin.apply(configMaps, theirs, { fieldManager: 'second', force: true });
      expect(forced.data).toEqual({ key: 'theirs' });
    });

    it('drops a field that its manager applies no more', async () => {
      const { admin } = stage();
      const wanted = object({ kept: '1', dropped: '2' });
      await admin.apply(configMaps, wanted, { fieldManager: 'first' });
      const applied = await admin.apply(configMaps, { ...wanted, data: { kept: '1' } }, { fieldManager: 'first' });
      expect(applied.data).toEqual({ kept: '1' });
    });

    it('shows an informer every change in order', async () => {
      const { admin } = stage();
      const informer = new Informer<ConfigMap>({ client: admin, kind: configMaps, onError: () => undefined });
      await informer.start();
      const seen: string[] = [];
      const done = Promise.withResolvers<void>();
      const wanted = object({ step: '0' });
      informer.onChange(({ type, object: { metadata, data } }) => {
        if (metadata.name !== wanted.metadata.name) return;
        seen.push(type === 'deleted' ? 'deleted' : String(data?.step));
        if (type === 'deleted') done.resolve();
      });
      await admin.create(configMaps, wanted);
      for (const step of ['1', '2', '3']) await admin.mergePatch(configMaps, wanted.metadata, { data: { step } });
      await admin.delete(configMaps, wanted.metadata);
      await done.promise;
      await informer.stop();
      expect(seen).toEqual(['0', '1', '2', '3', 'deleted']);
    });
  });
}
