import type { VmInstanceSpec } from '@compute/domain';
import { describe, expect, it } from 'vitest';
import { vmRow } from '../fixtures/rows.ts';
import { HASH_ANNOTATION } from './ownership.ts';
import { renderCloudInitSecret, renderSshKeysSecret } from './secrets.ts';

const input = (spec: Partial<VmInstanceSpec>, ...hashKeys: string[]) => ({
  vm: vmRow(spec),
  namespace: 'tenant-demo',
  hashKeys: (hashKeys.length === 0 ? ['a'] : hashKeys).map((key) => Buffer.from(key)),
});
const text = (data: Record<string, string> | undefined, key: string) =>
  Buffer.from(data?.[key] ?? '', 'base64').toString();

describe('the Secrets of a machine', () => {
  it('do not exist without keys and cloudInit', () => {
    expect(renderSshKeysSecret(input({}))).toBeUndefined();
    expect(renderCloudInitSecret(input({}))).toBeUndefined();
  });

  it('hold each key under its own name', () => {
    const secret = renderSshKeysSecret(input({ sshKeys: ['ssh-rsa A a', 'ssh-rsa B b'] }));
    expect(secret?.metadata.name).toBe('vm-instance-web-ssh-keys');
    expect(text(secret?.data, 'key0')).toBe('ssh-rsa A a');
    expect(text(secret?.data, 'key1')).toBe('ssh-rsa B b');
  });

  it('hold the user data as it was written', () => {
    const secret = renderCloudInitSecret(input({ cloudInit: '#cloud-config\nhostname: ü\n', sshKeys: ['ssh-rsa A'] }));
    expect(secret?.metadata.name).toBe('vm-instance-web-cloud-init');
    expect(text(secret?.data, 'userdata')).toBe('#cloud-config\nhostname: ü\n');
  });

  it('hold a minimal cloud-config when there are only keys', () => {
    const secret = renderCloudInitSecret(input({ sshKeys: ['ssh-rsa A "quoted" #comment'] }));
    expect(text(secret?.data, 'userdata')).toBe(
      '#cloud-config\nssh_authorized_keys:\n  - "ssh-rsa A \\"quoted\\" #comment"\n',
    );
  });

  it('carry a hash that differs by content and by key, so that it cannot be guessed from outside', () => {
    const hash = (cloudInit: string, ...keys: string[]) =>
      renderCloudInitSecret(input({ cloudInit }, ...keys))?.metadata.annotations?.[HASH_ANNOTATION];
    expect(hash('password: 1')).toBe(hash('password: 1'));
    expect(hash('password: 1')).not.toBe(hash('password: 2'));
    expect(hash('password: 1', 'b')).not.toBe(hash('password: 1'));
  });

  it('keep the hash that they bear through a change of keys, until what they hold changes', () => {
    const hash = (cloudInit: string, keys: string[], presentHash?: string) =>
      renderCloudInitSecret({ ...input({ cloudInit }, ...keys), presentHash })?.metadata.annotations?.[HASH_ANNOTATION];
    const before = hash('password: 1', ['a']);
    expect(hash('password: 1', ['b', 'a'], before)).toBe(before);
    expect(hash('password: 1', ['b'], before)).toBe(hash('password: 1', ['b']));
    expect(hash('password: 2', ['b', 'a'], before)).toBe(hash('password: 2', ['b']));
  });
});
