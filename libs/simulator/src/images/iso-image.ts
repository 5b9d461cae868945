/** A minimal ISO 9660 image as a formula: a primary volume descriptor where readers look for it, then zeros and a pattern. */
import type { ByteSource } from './qcow2.ts';

const SECTOR_BYTES = 2048;
const DESCRIPTOR_SECTOR = 16;

/** An image of that many bytes (a multiple of 2048) with this volume label. */
export function isoImage(sizeBytes: number, label: string): ByteSource {
  const head = Buffer.alloc((DESCRIPTOR_SECTOR + 2) * SECTOR_BYTES);
  writeDescriptor(head.subarray(DESCRIPTOR_SECTOR * SECTOR_BYTES), sizeBytes, label);
  head.write('\xffCD001\x01', (DESCRIPTOR_SECTOR + 1) * SECTOR_BYTES, 'latin1');
  return { sizeBytes, read: (start, end) => readRange(head, start, end) };
}

function writeDescriptor(sector: Buffer, sizeBytes: number, label: string): void {
  sector.write('\x01CD001\x01', 0, 'latin1');
  sector.write(label.toUpperCase().padEnd(32).slice(0, 32), 40, 'latin1');
  const sectors = sizeBytes / SECTOR_BYTES;
  sector.writeUInt32LE(sectors, 80);
  sector.writeUInt32BE(sectors, 84);
  sector.writeUInt16LE(SECTOR_BYTES, 128);
  sector.writeUInt16BE(SECTOR_BYTES, 130);
}

function readRange(head: Buffer, start: number, end: number): Buffer {
  const bytes = Buffer.alloc(end - start);
  if (start < head.length) head.copy(bytes, 0, start, Math.min(end, head.length));
  for (let at = Math.max(start, head.length); at < end; at += 1) bytes[at - start] = (at >>> 9) & 0xff;
  return bytes;
}
