import { builtinCatalogue, type VmDiskSpec } from '@compute/domain';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundClaim, cozystackDisk } from '../fixtures/cozystack-objects.ts';
import { diskRow } from '../fixtures/rows.ts';
import { renderDataVolume } from '../manifests/data-volume.ts';
import { readDisk } from './read-disk.ts';

const NAMESPACE = 'tenant-demo';
const catalogue = builtinCatalogue;
const context = { name: 'system', catalogue };
const [image] = catalogue.images;

const specs: fc.Arbitrary<VmDiskSpec> = fc.record({
  source: fc.constantFrom(
    {},
    { http: { url: 'https://images.example/a.img' } },
    { http: { url: 'https://images.example/a.img', checksum: `sha256:${'a'.repeat(64)}` } },
    { disk: { name: 'golden' } },
    { image: { name: image?.name ?? '' } },
  ),
  optical: fc.boolean(),
  storage: fc.constantFrom('30Gi', '40960Mi', '1Ti'),
  storageClass: fc.constantFrom(...catalogue.storageClasses.map(({ name }) => name)),
});

describe('a disk read back from its objects', () => {
  it('renders to the same DataVolume again, and loses nothing', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const before = renderDataVolume({ disk: diskRow(spec), namespace: NAMESPACE, catalogue });
        const dataVolume = { ...before, status: { phase: 'Succeeded' } };
        const claim = boundClaim('system', NAMESPACE, spec.storage);
        const { spec: read, losses, refusals } = readDisk({ dataVolume, claim }, context);
        expect({ losses, refusals }).toEqual({ losses: [], refusals: [] });
        const { metadata, spec: again } = renderDataVolume({ disk: diskRow(read), namespace: NAMESPACE, catalogue });
        expect(metadata).toEqual(before.metadata);
        expect({ ...again, storage: again.storage.storageClassName }).toEqual({
          ...before.spec,
          storage: before.spec.storage.storageClassName,
        });
      }),
    );
  });
});

describe('a disk that somebody else made', () => {
  const read = (source: object, storage = '5Gi') =>
    readDisk(
      { dataVolume: cozystackDisk('system', NAMESPACE, source), claim: boundClaim('system', NAMESPACE, storage) },
      context,
    );

  it('has the size of its claim when that has grown, not when a file system only needed room', () => {
    expect(read({ blank: {} }, '20Gi').spec.storage).toBe('20Gi');
    expect(read({ blank: {} }, '5681173505').spec.storage).toBe('5Gi');
  });

  it.each<[string, object, string]>([
    ['an upload', { upload: {} }, 'spec.source.upload'],
    ['a registry', { registry: { url: 'docker://x' } }, 'spec.source.registry'],
    ['a claim elsewhere', { pvc: { namespace: 'other', name: 'vm-disk-x' } }, 'spec.source.pvc'],
    ['a certificate', { http: { url: 'https://a.example/', certConfigMap: 'ca' } }, 'spec.source.http.certConfigMap'],
  ])('forgets %s only when that is accepted', (_what, source, path) => {
    expect(read(source).losses.map((loss) => loss.path)).toEqual([path]);
  });

  it('says that another object will take it away', () => {
    const dataVolume = cozystackDisk('system', NAMESPACE);
    dataVolume.metadata.ownerReferences = [
      { apiVersion: 'kubevirt.io/v1', kind: 'VirtualMachine', name: 'vm-instance-web', uid: 'u' },
    ];
    const { losses } = readDisk({ dataVolume, claim: boundClaim('system', NAMESPACE) }, context);
    expect(losses).toMatchObject([{ path: 'metadata.ownerReferences', found: 'VirtualMachine vm-instance-web' }]);
  });

  it('cannot be adopted before it holds its data, and a claim alone says what it needs', () => {
    const dataVolume = { ...cozystackDisk('system', NAMESPACE), status: { phase: 'ImportInProgress' } };
    expect(readDisk({ dataVolume }, context).refusals).toEqual([expect.stringContaining('ImportInProgress')]);
    const { refusals } = readDisk({ claim: boundClaim('system', NAMESPACE) }, context);
    expect(refusals).toEqual([expect.stringContaining('allowClaimAdoption')]);
  });
});
