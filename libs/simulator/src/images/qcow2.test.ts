import { expect, test } from 'vitest';
import { CLUSTER_BYTES, qcow2Image, qcow2VirtualSize } from './qcow2.ts';

const options = { virtualSizeBytes: 2 * 2 ** 30, dataBytes: 600 * 2 ** 20, seed: 1 };

test('the header states version, cluster size and virtual size', () => {
  const header = qcow2Image(options).read(0, 104);
  expect(header.subarray(0, 4)).toEqual(Buffer.from('QFI\xfb', 'latin1'));
  expect(header.readUInt32BE(4)).toBe(3);
  expect(header.readUInt32BE(20)).toBe(16);
  expect(qcow2VirtualSize(header)).toBe(2 * 2 ** 30);
});

test('every data cluster is reached through L1 and L2, and every cluster has a refcount of one', () => {
  const image = qcow2Image(options);
  const clusters = image.sizeBytes / CLUSTER_BYTES;
  const seen = new Set<number>();
  const header = image.read(0, 104);
  const l1At = Number(header.readBigUInt64BE(40));
  for (let l1 = 0; l1 < header.readUInt32BE(36); l1 += 1) {
    const l2At = offsetIn(image.read(l1At + l1 * 8, l1At + l1 * 8 + 8));
    if (l2At === 0) continue;
    const table = image.read(l2At, l2At + CLUSTER_BYTES);
    for (let l2 = 0; l2 < CLUSTER_BYTES; l2 += 8) seen.add(offsetIn(table.subarray(l2, l2 + 8)) / CLUSTER_BYTES);
  }
  seen.delete(0);
  expect(seen.size).toBe(options.dataBytes / CLUSTER_BYTES);
  expect(Math.max(...seen)).toBe(clusters - 1);
  const tableAt = Number(header.readBigUInt64BE(48));
  const blockAt = offsetIn(image.read(tableAt, tableAt + 8));
  const counts = image.read(blockAt, blockAt + CLUSTER_BYTES);
  for (let at = 0; at < clusters; at += 1) expect(counts.readUInt16BE(at * 2)).toBe(1);
  expect(counts.readUInt16BE(clusters * 2)).toBe(0);
});

test('any range is the same bytes as that part of the whole', () => {
  const image = qcow2Image({ virtualSizeBytes: 2 ** 26, dataBytes: 2 ** 20, seed: 7 });
  const whole = image.read(0, image.sizeBytes);
  expect(image.read(65_530, 200_001)).toEqual(whole.subarray(65_530, 200_001));
});

test('the disk begins with a boot sector', () => {
  const image = qcow2Image({ virtualSizeBytes: 2 ** 26, dataBytes: 2 ** 20, seed: 7 });
  const firstData = image.sizeBytes - 2 ** 20;
  expect(image.read(firstData + 510, firstData + 512)).toEqual(Buffer.from([0x55, 0xaa]));
});

test('an image of 100 TiB needs no data to state its size', () => {
  const image = qcow2Image({ virtualSizeBytes: 100 * 2 ** 40, dataBytes: 2 ** 20, seed: 3 });
  expect(qcow2VirtualSize(image.read(0, 104))).toBe(100 * 2 ** 40);
  expect(image.sizeBytes).toBeLessThan(8 * 2 ** 20);
});

test('other bytes have no virtual size', () => {
  expect(qcow2VirtualSize(Buffer.from('<!doctype html>'))).toBeUndefined();
});

function offsetIn(entry: Buffer): number {
  return Number(entry.readBigUInt64BE(0) & 0x00fffffffffffe00n);
}
