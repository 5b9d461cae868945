// What an image is, from its first bytes. What is nothing known is raw, as qemu-img says: an HTML page is a small raw disk.

export type ImageFormat = 'qcow2' | 'vmdk' | 'vdi' | 'vpc' | 'vhdx' | 'raw';
export type Compression = 'gz' | 'xz' | 'zst';

export interface ImageHeader {
  format: ImageFormat;
  /** Size of the disk in the image; absent for raw (it is the length of the data) and where the header does not say it. */
  virtualBytes?: number;
  /** The image is only the difference to another one. */
  hasBackingFile?: boolean;
}

/** Bytes that are enough to tell. */
export const headerBytes = 512;

/** How a file is compressed, by its first six bytes; undefined when it is not. */
export function compressionOf(head: Buffer): Compression | undefined {
  if (head.length >= 2 && head.readUInt16BE(0) === 0x1f8b) return 'gz';
  if (head.length >= 6 && head.subarray(0, 6).equals(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]))) return 'xz';
  if (head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528) return 'zst';
  return undefined;
}

/** Format and virtual size, from the first {@link headerBytes} of the uncompressed image (or all of a smaller one). */
export function readImageHeader(head: Buffer): ImageHeader {
  if (startsWith(head, 'QFI\xfb') && head.length >= 32) {
    return {
      format: 'qcow2',
      virtualBytes: Number(head.readBigUInt64BE(24)),
      hasBackingFile: head.readBigUInt64BE(8) !== 0n,
    };
  }
  if (startsWith(head, 'KDMV') && head.length >= 20) {
    return { format: 'vmdk', virtualBytes: Number(head.readBigUInt64LE(12)) * 512 };
  }
  if (startsWith(head, 'vhdxfile')) return { format: 'vhdx' };
  if (startsWith(head, 'conectix') && head.length >= 56) {
    return { format: 'vpc', virtualBytes: Number(head.readBigUInt64BE(48)) };
  }
  if (head.length >= 376 && head.readUInt32LE(64) === 0xbeda107f) {
    return { format: 'vdi', virtualBytes: Number(head.readBigUInt64LE(368)) };
  }
  return { format: 'raw' };
}

function startsWith(head: Buffer, magic: string): boolean {
  return head.subarray(0, magic.length).equals(Buffer.from(magic, 'latin1'));
}
