import { describe, expect, it } from 'vitest';
import { qcow2Header } from '../stories/image-source.ts';
import { compressionOf, readImageHeader } from './image-format.ts';

const sized = (write: (image: Buffer) => void): Buffer => {
  const image = Buffer.alloc(512);
  write(image);
  return image;
};

describe('the header of an image', () => {
  it('tells the virtual size of the formats that write it there', () => {
    expect(readImageHeader(qcow2Header(5_000))).toEqual({
      format: 'qcow2',
      virtualBytes: 5_000,
      hasBackingFile: false,
    });
    const vmdk = sized((image) => {
      image.write('KDMV', 'latin1');
      image.writeBigUInt64LE(8n, 12);
    });
    expect(readImageHeader(vmdk)).toEqual({ format: 'vmdk', virtualBytes: 4096 });
    const vdi = sized((image) => {
      image.writeUInt32LE(0xbeda107f, 64);
      image.writeBigUInt64LE(77n, 368);
    });
    expect(readImageHeader(vdi)).toEqual({ format: 'vdi', virtualBytes: 77 });
    const vpc = sized((image) => {
      image.write('conectix', 'latin1');
      image.writeBigUInt64BE(99n, 48);
    });
    expect(readImageHeader(vpc)).toEqual({ format: 'vpc', virtualBytes: 99 });
  });

  it('is raw for everything else, however short', () => {
    expect(readImageHeader(Buffer.from('<html>'))).toEqual({ format: 'raw' });
    expect(readImageHeader(Buffer.alloc(0))).toEqual({ format: 'raw' });
    expect(readImageHeader(Buffer.from('QFI\xfb', 'latin1'))).toEqual({ format: 'raw' });
  });

  it('notices an image that is only a difference to another one', () => {
    const image = qcow2Header(10);
    image.writeBigUInt64BE(104n, 8);
    expect(readImageHeader(image).hasBackingFile).toBe(true);
  });

  it('knows packed files by their first bytes', () => {
    expect(compressionOf(Buffer.from([0x1f, 0x8b, 8]))).toBe('gz');
    expect(compressionOf(Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]))).toBe('xz');
    expect(compressionOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))).toBe('zst');
    expect(compressionOf(Buffer.from('QFI'))).toBeUndefined();
    expect(compressionOf(Buffer.alloc(0))).toBeUndefined();
  });
});
