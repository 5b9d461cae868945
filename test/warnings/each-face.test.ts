/** Every warning that there is reaches its caller in the place that its face has for it. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { invoke, type KubectlStage, kubeClient, openKubectlStage, type TestApi } from '@compute/api/testing';
import { CreateVmInstanceRequest, DiskBus, UpdateVmInstanceRequest, VmInstanceServiceClient } from '@compute/proto';
import { credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const RSA_1024 =
  'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQCnpdxT77jGbTO7OHPrrGhKNKjOxvYiG2j5RUnpWR7Tyt7oj1yTKQOGft6xKgE+wWwb+ORBgIXOQlO1gFMfyN2yi8ajxTri3MwwGoadzbPYby4lAnyDNMK7M/mdb1yrF1wtJ4rsO6ZEr4LZpE9z9Xzb1wQNUq9sAAEZBIdyHd8upQ==';

interface Case {
  readonly title: string;
  readonly spec: Readonly<Record<string, unknown>>;
  /** Pointer and a part of the sentence. */
  readonly at: string;
  readonly says: string;
  /** An edit of a machine that is there, instead of a creation. */
  readonly edit?: true;
}

const CASES: readonly Case[] = [
  {
    title: 'a whole address',
    spec: { external: true, externalMethod: 'WholeIP' },
    at: 'externalMethod',
    says: 'exposes every port',
  },
  {
    title: 'ports that nothing exposes',
    spec: { externalPorts: [22] },
    at: 'externalPorts',
    says: 'nothing is exposed',
  },
  {
    title: 'a deprecated profile',
    spec: { instanceProfile: 'centos.7' },
    at: 'instanceProfile',
    says: 'is deprecated',
  },
  { title: 'a deprecated type', spec: { instanceType: 'old1.small' }, at: 'instanceType', says: 'is deprecated' },
  { title: 'the only disk on one node', spec: { disks: ['alone'] }, at: 'disks', says: 'is kept on one node' },
  { title: 'a disk that comes later', spec: { disks: ['later'] }, at: 'disks', says: 'does not exist yet' },
  { title: 'no disk', spec: { disks: [] }, at: 'disks', says: 'no disk to boot from' },
  { title: 'an abbreviated key', spec: { sshKeys: ['ssh-rsa AAAAB3Nza...'] }, at: 'sshKeys', says: 'does not decode' },
  { title: 'a weak key', spec: { sshKeys: [RSA_1024] }, at: 'sshKeys', says: '1024 bits is weak' },
  {
    title: 'an unknown key of cloud-init',
    spec: { cloudInit: '#cloud-config\nuserz: me\n' },
    at: 'cloudInit',
    says: 'knows no top-level key',
  },
  {
    title: 'another seed',
    spec: { cloudInitSeed: 'second' },
    at: 'cloudInitSeed',
    says: 'cloud-init runs again',
    edit: true,
  },
  {
    title: 'other user data',
    spec: { cloudInit: '#cloud-config\nusers: []\n' },
    at: 'cloudInit',
    says: 'does not run cloud-init again',
    edit: true,
  },
];

let folder: string;
let stage: KubectlStage;
let api: TestApi;
let vms: VmInstanceServiceClient;
beforeAll(async () => {
  const instanceTypes = [{ name: 'old1.small', series: 'S', vcpu: 1, memoryGib: 4, deprecated: true }];
  folder = await mkdtemp(join(tmpdir(), 'catalogue-'));
  const file = join(folder, 'catalogue.json');
  await writeFile(file, JSON.stringify({ instanceTypes }));
  stage = await openKubectlStage({ CATALOGUE_FILE: file });
  api = stage.it;
  vms = new VmInstanceServiceClient(api.api.grpcAddress, credentials.createInsecure());
  const disk = { metadata: { name: 'alone' }, spec: { storage: '1Gi', storageClass: 'local' } };
  await api.send('POST', '/v1/projects/demo/vm-disks', { body: disk });
  await api.send('POST', '/v1/projects/demo/vm-instances', { body: vm('there', { cloudInitSeed: 'first' }) });
}, 60_000);
afterAll(async () => {
  vms.close();
  await stage.close();
  await rm(folder, { recursive: true });
});

const vm = (name: string, spec: object) => ({
  apiVersion: 'apps.cozystack.io/v1alpha1',
  kind: 'VMInstance',
  metadata: { name },
  spec: { instanceType: 'u1.medium', instanceProfile: 'ubuntu', ...spec },
});
const snake = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const MERGE = 'application/merge-patch+json';
const PATH = '/v1/projects/demo/vm-instances';

describe.each(CASES.map((one) => [one.title, one] as const))('%s', (_title, { spec, at, says, edit }) => {
  it('stands in the header Warning and in the member of a dry run of REST', async () => {
    const reply = edit
      ? await api.send('PATCH', `${PATH}/there?dryRun=true`, { body: { spec }, headers: { 'content-type': MERGE } })
      : await api.send('POST', `${PATH}?dryRun=true`, { body: vm('new', spec) });
    expect(reply.status).toBe(200);
    expect(reply.headers.get('warning')).toMatch(new RegExp(`299 - "/spec/${at}[^"]*${says}`));
    const { dryRun } = reply.body as { dryRun: { warnings: { pointer: string; detail: string }[] } };
    const found = dryRun.warnings.find(({ detail }) => detail.includes(says));
    expect(found?.pointer).toContain(`/spec/${at}`);
  });

  it('stands beside its document when manifests are applied', async () => {
    const document = edit ? vm('there', { cloudInitSeed: 'first', ...spec }) : vm('new', spec);
    const reply = await api.send<{ items: { warnings: { detail: string }[] }[] }>(
      'POST',
      '/v1/projects/demo/manifests?dryRun=true',
      { body: document },
    );
    expect(reply.body.items[0]?.warnings.some(({ detail }) => detail.includes(says))).toBe(true);
  });

  it('stands in the metadata of gRPC, in the words of its messages', async () => {
    const disks = (spec.disks as string[] | undefined)?.map((name) => ({ name, bus: DiskBus.DISK_BUS_UNSPECIFIED }));
    const method = spec.externalMethod === 'WholeIP' ? { externalMethod: 2 as const } : {};
    const { externalMethod: _word, ...plain } = spec;
    const full = {
      instanceType: 'u1.medium',
      instanceProfile: 'ubuntu',
      ...plain,
      ...method,
      ...(disks ? { disks } : {}),
    };
    const own = { project: 'demo', validateOnly: true };
    const { metadata } = edit
      ? await invoke(
          vms,
          vms.updateVmInstance,
          UpdateVmInstanceRequest.fromPartial({ ...own, vmInstance: { metadata: { name: 'there' }, spec } }),
          api.metadata(),
        )
      : await invoke(
          vms,
          vms.createVmInstance,
          CreateVmInstanceRequest.fromPartial({ ...own, vmInstance: { metadata: { name: 'new' }, spec: full } }),
          api.metadata(),
        );
    const warnings = (metadata?.get('warning') ?? []).map(String);
    const found = warnings.find((text) => text.includes(says));
    expect(found, warnings.join('\n')).toContain(`spec.${snake(at)}`);
  });

  it('stands in a Warning header for kubectl', async () => {
    const client = kubeClient(api.api.kubeUrl ?? '', stage.ca, api.key);
    const reply = edit
      ? await client.send('PATCH', 'namespaces/demo/vminstances/there?dryRun=All', { spec }, MERGE)
      : await client.send('POST', 'namespaces/demo/vminstances?dryRun=All', vm('new', spec));
    expect([200, 201]).toContain(reply.status);
    expect(String(reply.headers.warning)).toContain(says);
  });
});
