import { KubeClient } from '@compute/kube-client';
import { clusterKinds, reviewRoutes, startKubeServer } from '@compute/kube-wire';
import { afterEach, expect, test } from 'vitest';
import { missingApis } from './missing-apis.ts';
import { missingRights } from './missing-rights.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

type ServerOptions = Parameters<typeof startKubeServer>[0];

async function clientOf(options: ServerOptions): Promise<KubeClient> {
  const server = await startKubeServer(options);
  const client = KubeClient.fromKubeconfigText(server.kubeconfig());
  open.push(client, server);
  return client;
}

test('a right that the cluster refuses is named, with its subresource', async () => {
  const refusesPower: NonNullable<ServerOptions['routes']> = reviewRoutes.map((route) => ({
    ...route,
    handle: async ({ body }) => {
      const { spec } = body as { spec: { resourceAttributes: { subresource: string } } };
      return {
        status: 201,
        body: { ...(body as object), status: { allowed: spec.resourceAttributes.subresource !== 'start' } },
      };
    },
  }));
  const client = await clientOf({ kinds: clusterKinds, routes: refusesPower });
  const rules = [
    { apiGroups: ['kubevirt.io'], resources: ['virtualmachines'], verbs: ['get', 'list'] },
    { apiGroups: ['subresources.kubevirt.io'], resources: ['virtualmachines/start'], verbs: ['update'] },
  ];
  expect(await missingRights(client, rules)).toEqual([
    { verb: 'update', group: 'subresources.kubevirt.io', resource: 'virtualmachines/start' },
  ]);
});

test('kinds that are not served are named in the version that is needed', async () => {
  expect(await missingApis(await clientOf({ kinds: clusterKinds }))).toEqual([]);
  const without = clusterKinds.filter(({ group }) => group !== 'cdi.kubevirt.io');
  expect(await missingApis(await clientOf({ kinds: without }))).toEqual(['cdi.kubevirt.io/v1beta1 datavolumes']);
});
