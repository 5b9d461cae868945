import { builtinCatalogue, type VmDiskSpec } from '@compute/domain';
import { describe, expect, it } from 'vitest';
import { DISK_UID, diskRow } from '../fixtures/rows.ts';
import { renderDataVolume } from './data-volume.ts';
import { HASH_ANNOTATION } from './ownership.ts';

const render = (spec: Partial<VmDiskSpec>, generation = 1) =>
  renderDataVolume({ disk: diskRow(spec, { generation }), namespace: 'tenant-demo', catalogue: builtinCatalogue });

describe('a disk as a DataVolume', () => {
  it('is the golden object for the specification’s system disk', () => {
    const url = 'https://cloud-images.ubuntu.com/noble/current/noble-server-cloudimg-amd64.img';
    const { metadata, spec } = render({ source: { http: { url } } });
    expect(spec).toEqual({
      contentType: 'kubevirt',
      source: { http: { url } },
      storage: { resources: { requests: { storage: '20Gi' } }, storageClassName: 'replicated' },
    });
    expect(metadata).toEqual({
      name: 'vm-disk-system',
      namespace: 'tenant-demo',
      labels: {
        'app.kubernetes.io/name': 'vm-disk',
        'app.kubernetes.io/instance': 'vm-disk-system',
        'app.kubernetes.io/managed-by': 'compute-control-plane',
        'compute.cozystack.io/uid': DISK_UID,
        'compute.cozystack.io/kind': 'VMDisk',
        'compute.cozystack.io/project': 'demo',
        'compute.cozystack.io/name': 'system',
      },
      annotations: {
        'vm-disk.cozystack.io/optical': 'false',
        'cdi.kubevirt.io/storage.bind.immediate.requested': 'true',
        'compute.cozystack.io/manifest-hash': expect.stringMatching(/^[0-9a-f]{32}$/),
        'compute.cozystack.io/generation': '1',
      },
    });
  });

  it.each<[string, Partial<VmDiskSpec>, object]>([
    ['an empty disk', { source: {} }, { blank: {} }],
    [
      'a checksum, which older CDI does not know, only when one is given',
      { source: { http: { url: 'https://x.example/a', checksum: 'sha256:00' } } },
      { http: { url: 'https://x.example/a', checksum: 'sha256:00' } },
    ],
    [
      'a clone of another disk of the project',
      { source: { disk: { name: 'golden' } } },
      { pvc: { namespace: 'tenant-demo', name: 'vm-disk-golden' } },
    ],
    [
      'a clone of an image of the catalogue',
      { source: { image: { name: 'ubuntu-2404' } } },
      { pvc: { namespace: 'cozy-public', name: 'vm-default-images-ubuntu-2404' } },
    ],
  ])('has the source of %s', (_title, spec, source) => {
    expect(render(spec).spec.source).toEqual(source);
  });

  it('refuses an image that the catalogue does not have', () => {
    expect(() => render({ source: { image: { name: 'nope' } } })).toThrow(
      expect.objectContaining({ code: 'InvalidArgument' }),
    );
  });

  it('marks an optical disk', () => {
    expect(render({ optical: true }).metadata.annotations?.['vm-disk.cozystack.io/optical']).toBe('true');
  });

  it('keeps its hash when the disk grows or its generation rises, and changes it when anything else differs', () => {
    const hash = (spec: Partial<VmDiskSpec>, generation = 1) =>
      render(spec, generation).metadata.annotations?.[HASH_ANNOTATION];
    expect(hash({ storage: '40Gi' }, 7)).toBe(hash({}));
    expect(hash({ storageClass: 'local' })).not.toBe(hash({}));
    expect(hash({ optical: true })).not.toBe(hash({}));
  });
});
