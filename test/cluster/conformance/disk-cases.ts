/** Disks: every source to Ready, every failure to Failed with its code, growth, and deletion in every phase. */
import { type KubeObject, resourceKind } from '@compute/kube-client';
import { describe, expect, it } from 'vitest';
import { notRun } from './not-run.ts';
import { soon } from './soon.ts';
import type { Stage } from './stage.ts';

const IMAGES_NAMESPACE = 'cozy-public';
const IMAGE = 'debian-12';
/** So slow that a case is quicker: the image takes 12 seconds. */
const SLOW_BYTES_PER_SECOND = 4_000_000;

export function diskCases(stage: () => Stage): void {
  describe.concurrent('a disk', () => {
    it('from a URL becomes Ready, its percent never going back', async () => {
      const name = stage().name('http');
      await stage().disk(name, { source: { http: { url: stage().image() } } });
      const events = await stage().phases({ [name]: 'Ready' });
      const percents = events.flatMap(({ object }) =>
        object?.metadata.name === name ? [object.status.import?.percent ?? 0] : [],
      );
      expect(percents).toEqual([...percents].sort((a, b) => a - b));
      const claim = await stage().objectsOf(name);
      expect(claim).toEqual([`DataVolume/vm-disk-${name}`, `PersistentVolumeClaim/vm-disk-${name}`]);
      await stage().deleteDisk(name);
      await stage().leavesNothing(name);
    });

    it('without a source is blank and becomes Ready', async () => {
      const name = stage().name('blank');
      await stage().disk(name, { source: {} });
      await stage().phases({ [name]: 'Ready' });
      await stage().deleteDisk(name);
    });

    it('of a class that waits for its first consumer becomes Ready without one', async () => {
      const name = stage().name('local');
      await stage().disk(name, { source: { http: { url: stage().image() } }, storageClass: 'local' });
      await stage().phases({ [name]: 'Ready' });
      await stage().deleteDisk(name);
    });

    it('is a clone of another disk', async () => {
      const origin = stage().name('origin');
      const copy = stage().name('copy');
      await stage().disk(origin, { source: { http: { url: stage().image() } } });
      await stage().phases({ [origin]: 'Ready' });
      await stage().disk(copy, { source: { disk: { name: origin } } });
      await stage().phases({ [copy]: 'Ready' });
      await stage().deleteDisk(copy);
      await stage().deleteDisk(origin);
      await stage().leavesNothing(origin, copy);
    });

    it('is a clone of an image of another namespace', async (context) => {
      const { server, controllers } = stage().cluster.combination;
      if (server === 'ours' && controllers === 'real') {
        return notRun(context, 'the token of such a clone is signed by CDI’s webhook, and our server calls none');
      }
      await installImage(stage());
      const name = stage().name('image');
      await stage().disk(name, { source: { image: { name: IMAGE } }, storage: '10Gi' });
      await stage().phases({ [name]: 'Ready' });
      await stage().deleteDisk(name);
    });

    it.each([
      ['its file is not there', (images: string) => new URL('404', images).href, 'SourceNotFound'],
      ['its host is not there', () => 'https://cloud-images.invalid/noble.img', 'SourceHostNotFound'],
    ])('ends in Failed when %s', async (_, url, code) => {
      const name = stage().name('failing');
      await stage().disk(name, { source: { http: { url: url(stage().stack.facts.images) } } });
      const { status } = await stage().until(name, (now) => now.status.phase === 'Failed');
      expect(status.failure).toMatchObject({ code, remedy: expect.stringMatching(/\w+/) });
      await stage().deleteDisk(name);
      await stage().leavesNothing(name);
    });

    it('grows', async () => {
      const name = stage().name('growing');
      await stage().disk(name, { source: {} });
      await stage().phases({ [name]: 'Ready' });
      await stage().editDisk(name, { storage: '8Gi' });
      await stage().until(name, ({ status }) => (status as { capacity?: string }).capacity === '8Gi');
      await stage().deleteDisk(name);
    });

    it.each([
      ['before anything was done', async () => undefined],
      ['while its image is downloaded', async (name: string) => void (await stage().phases({ [name]: 'Importing' }))],
      [
        'in the middle of the download',
        async (name: string) =>
          void (await stage().until(
            name,
            ({ status }) => (status.import?.percent ?? 0) > 0 || status.phase === 'Ready',
          )),
      ],
    ])('leaves nothing behind when it is deleted %s', async (_, moment) => {
      const name = stage().name('leaving');
      await stage().disk(name, { source: { http: { url: stage().image(SLOW_BYTES_PER_SECOND) } } });
      await moment(name);
      await stage().deleteDisk(name);
      await stage().leavesNothing(name);
    });
  });
}

const CLAIMS = resourceKind<Phased>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  namespaced: true,
});
const DATA_VOLUMES = resourceKind<Phased>({
  group: 'cdi.kubevirt.io',
  version: 'v1beta1',
  kind: 'DataVolume',
  plural: 'datavolumes',
  namespaced: true,
});

interface Phased extends KubeObject {
  spec?: object;
  status?: { phase?: string };
}

/** The image as the platform keeps it: a claim of another namespace, made by a DataVolume unless it is there. */
async function installImage({ admin }: Stage): Promise<void> {
  const metadata = { name: `vm-default-images-${IMAGE}`, namespace: IMAGES_NAMESPACE };
  if ((await admin.get(CLAIMS, metadata)) === undefined) {
    await admin.create(DATA_VOLUMES, {
      apiVersion: 'cdi.kubevirt.io/v1beta1',
      kind: 'DataVolume',
      metadata: { ...metadata, annotations: { 'cdi.kubevirt.io/storage.bind.immediate.requested': '' } },
      spec: {
        source: { blank: {} },
        storage: { resources: { requests: { storage: '5Gi' } }, storageClassName: 'replicated' },
      },
    });
  }
  await soon(async () => expect((await admin.get(CLAIMS, metadata))?.status?.phase).toBe('Bound'));
}
