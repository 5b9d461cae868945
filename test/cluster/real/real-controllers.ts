/**
 * The real controllers of KubeVirt and CDI against any API server, and, where the server knows webhooks and the aggregation
 * layer, their admission and subresources as well.
 */
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort } from '@compute/dev-stack';
import { type KubeClient, type KubeObject, resourceKind } from '@compute/kube-client';
import { createObjects, installDefinitions, objectsIn } from './definitions.ts';
import type { RealPrograms } from './real-programs.ts';
import type { RealServer } from './real-server.ts';

const kubeVirts = resourceKind({
  group: 'kubevirt.io',
  version: 'v1',
  kind: 'KubeVirt',
  plural: 'kubevirts',
  namespaced: true,
});
const webhookConfigurations = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'].map((plural) =>
  resourceKind({ group: 'admissionregistration.k8s.io', version: 'v1', kind: plural, plural, namespaced: false }),
);

const INSTALLED: KubeObject[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kubevirt' } },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'cdi' } },
  {
    apiVersion: 'kubevirt.io/v1',
    kind: 'KubeVirt',
    metadata: { name: 'kubevirt', namespace: 'kubevirt' },
    spec: {
      configuration: {
        developerConfiguration: { featureGates: ['ExpandDisks', 'HotplugVolumes', 'Snapshot', 'VMExport'] },
        vmRolloutStrategy: 'LiveUpdate',
      },
    },
  } as KubeObject,
  { apiVersion: 'cdi.kubevirt.io/v1beta1', kind: 'CDI', metadata: { name: 'cdi' }, spec: {} } as KubeObject,
  {
    apiVersion: 'cdi.kubevirt.io/v1beta1',
    kind: 'CDIConfig',
    metadata: { name: 'config' },
    spec: { featureGates: ['HonorWaitForFirstConsumer'] },
    // No subresource here, so it is stored as it is given.
    status: { filesystemOverhead: { global: '0.06' } },
  } as KubeObject,
];

/** KubeVirt's and CDI's definitions and the objects that their operators would have made. */
export async function installKubeVirtAndCdi(client: KubeClient, pieces: string): Promise<void> {
  await installDefinitions(client, [
    ...objectsIn(join(pieces, 'crds/kubevirt')),
    ...objectsIn(join(pieces, 'crds/cdi')),
  ]);
  await furnishKubeVirtAndCdi(client);
}

/** The same where the definitions are served already. */
export async function furnishKubeVirtAndCdi(client: KubeClient): Promise<void> {
  await createObjects(client, INSTALLED);
  // Without an architecture every VirtualMachineInstance is refused.
  const status = { phase: 'Deployed', defaultArchitecture: 'amd64' };
  const kubeVirt = { name: 'kubevirt', namespace: 'kubevirt' };
  await client.mergePatch(kubeVirts, kubeVirt, { status }, { subresource: 'status' });
}

/** Starts them with their admission. The classes of storage must be there. `handlerPort` is where virt-handler is asked. */
export async function startRealControllers(server: RealServer, client: KubeClient, handlerPort: number): Promise<void> {
  await startCdi(server, client);
  await startVirtController(server.programs, server.kubeconfig('virt-controller'));
  await startVirtApi(server, client, handlerPort);
}

/** The controllers without any admission, against a server that speaks plain HTTP. */
export async function startControllersAlone(programs: RealPrograms, kubeconfig: string): Promise<void> {
  programs.run('kubernetes', ['pki', join(programs.folder, 'pki')]);
  await programs.start('cdi-controller', 'cdi-controller', [`-kubeconfig=${kubeconfig}`], async () => true);
  await startVirtController(programs, kubeconfig);
}

async function startCdi(server: RealServer, client: KubeClient): Promise<void> {
  const address = `127.0.0.1:${await freePort()}`;
  const args = [
    `-kubeconfig=${server.kubeconfig('admin')}`,
    `-webhooks=${address}`,
    `-cert=${join(server.pki, 'cdi-api.crt')}`,
    `-key=${join(server.pki, 'cdi-api.key')}`,
  ];
  await server.programs.start('cdi-controller', 'cdi-controller', args, () => listens(address));
  await createObjects(client, cdiWebhooks(`https://${address}`, server.ca()));
}

async function startVirtController(programs: RealPrograms, kubeconfig: string): Promise<void> {
  const port = await freePort();
  const pki = join(programs.folder, 'pki');
  const args = [
    `--kubeconfig=${kubeconfig}`,
    '--listen=127.0.0.1',
    `--port=${port}`,
    '--launcher-image=images.invalid/virt-launcher:test',
    `--prom-cert-file=${join(pki, 'apiserver.crt')}`,
    `--prom-key-file=${join(pki, 'apiserver.key')}`,
  ];
  await programs.start('virt-controller', 'virt-controller', args, () => listens(`127.0.0.1:${port}`));
}

async function startVirtApi(server: RealServer, client: KubeClient, handlerPort: number): Promise<void> {
  const port = await freePort();
  const pki = (file: string): string => join(server.pki, file);
  const args = [
    `--kubeconfig=${server.kubeconfig('virt-api')}`,
    '--listen=127.0.0.1',
    `--port=${port}`,
    `--tls-cert-file=${pki('virt-api.crt')}`,
    `--tls-key-file=${pki('virt-api.key')}`,
    `--handler-cert-file=${pki('virt-api.crt')}`,
    `--handler-key-file=${pki('virt-api.key')}`,
    `--console-server-port=${handlerPort}`,
  ];
  await server.programs.start('virt-api', 'virt-api', args, () => listens(`127.0.0.1:${port}`));
  const printed = server.programs.run('kubevirt-manifests', ['webhooks', `https://127.0.0.1:${port}`, pki('ca.crt')]);
  await createObjects(client, (JSON.parse(printed) as { items: KubeObject[] }).items);
}

/** While they are registered and nobody answers them, the server refuses everything. To be called before anything stops. */
export async function removeWebhooks(client: KubeClient): Promise<void> {
  for (const kind of webhookConfigurations) {
    const { items } = await client.list(kind);
    await Promise.all(items.map(({ metadata }) => client.delete(kind, metadata)));
  }
}

/** CDI's operator keeps these to itself, so they are written down here as it registers them. */
function cdiWebhooks(url: string, ca: Buffer): KubeObject[] {
  const webhook = (path: string, name: string) => ({
    name,
    rules: [
      {
        operations: ['CREATE', 'UPDATE'],
        apiGroups: ['cdi.kubevirt.io'],
        apiVersions: ['v1beta1'],
        resources: ['datavolumes'],
        scope: '*',
      },
    ],
    clientConfig: { url: `${url}/${path}`, caBundle: ca.toString('base64') },
    failurePolicy: 'Fail',
    sideEffects: 'None',
    matchPolicy: 'Exact',
    timeoutSeconds: 30,
    admissionReviewVersions: ['v1', 'v1beta1'],
  });
  const apiVersion = 'admissionregistration.k8s.io/v1';
  return [
    {
      apiVersion,
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'cdi-api-datavolume-mutate' },
      webhooks: [webhook('datavolume-mutate', 'datavolume-mutate.cdi.kubevirt.io')],
    } as KubeObject,
    {
      apiVersion,
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: 'cdi-api-datavolume-validate' },
      webhooks: [webhook('datavolume-validate', 'datavolume-validate.cdi.kubevirt.io')],
    } as KubeObject,
  ];
}

/** Whether something takes connections; what it says is not asked, since its certificate is its own. */
function listens(address: string): Promise<boolean> {
  const [host = '', port = ''] = address.split(':');
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port), timeout: 1_000 });
    const end = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', end(true)).once('error', end(false)).once('timeout', end(false));
  });
}
