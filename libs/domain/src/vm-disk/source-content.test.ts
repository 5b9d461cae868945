import { describe, expect, it } from 'vitest';
import { recogniseContent, recogniseInside } from './source-content.ts';

const bytes = (text: string, length = 512): Uint8Array => {
  const head = new Uint8Array(length);
  for (let index = 0; index < text.length; index += 1) head[index] = text.charCodeAt(index);
  return head;
};
const exactly = (text: string): Uint8Array => bytes(text, text.length);

function qcow2(virtualBytes: bigint, backingFileAt = 0n): Uint8Array {
  const head = bytes('QFI\xfb');
  const view = new DataView(head.buffer);
  view.setBigUint64(8, backingFileAt);
  view.setBigUint64(24, virtualBytes);
  return head;
}

function vmdk(sectors: bigint): Uint8Array {
  const head = bytes('KDMV');
  new DataView(head.buffer).setBigUint64(12, sectors, true);
  return head;
}

describe('an image', () => {
  it.each<[string, Uint8Array, object]>([
    ['qcow2', qcow2(2n ** 31n), { format: 'qcow2', virtualBytes: 2 ** 31 }],
    ['vmdk', vmdk(2n ** 21n), { format: 'vmdk', virtualBytes: 2 ** 30 }],
    ['vhdx', bytes('vhdxfile'), { format: 'vhdx' }],
    ['a raw disk that begins with a boot sector', bytes('\xeb\x63\x90'), { format: 'raw' }],
    ['a raw disk that begins with zeros, such as an ISO', bytes(''), { format: 'raw' }],
    ['gzip', bytes('\x1f\x8b'), { format: 'raw', compression: 'gz' }],
    ['xz', bytes('\xfd7zXZ\x00'), { format: 'raw', compression: 'xz' }],
  ])('is recognised: %s', (_name, head, expected) => {
    expect(recogniseContent(head)).toEqual({ kind: 'image', ...expected });
  });

  it('that is only a difference to another one is told apart', () => {
    expect(recogniseContent(qcow2(1n, 104n))).toMatchObject({ hasBackingFile: true });
  });

  it('inside a compressed file keeps its size', () => {
    expect(recogniseInside('gz', qcow2(2n ** 31n))).toMatchObject({ format: 'qcow2', virtualBytes: 2 ** 31 });
    expect(recogniseInside('gz', bytes(''))).toEqual({ kind: 'image', format: 'raw', compression: 'gz' });
  });
});

describe('what is no image', () => {
  it.each<[string, Uint8Array]>([
    ['a web page', exactly('<!doctype html><title>Sign in</title>')],
    ['a web page', exactly('\n\n  <html lang="de"><head>')],
    ['an error message of an object store', exactly('<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>')],
    ['an XML document', exactly('<?xml version="1.0"?>\n<rss></rss>')],
    ['a JSON document', exactly('{"error": "not found"}')],
    ['a text', exactly(`${'ab12'.repeat(16)}  ubuntu.img\n`)],
    ['a signature or certificate', exactly('-----BEGIN PGP SIGNATURE-----\n')],
    ['a ZIP archive', bytes('PK\x03\x04')],
    ['a PDF document', bytes('%PDF-1.7')],
    ['empty', exactly('')],
  ])('is named: %s', (what, head) => {
    expect(recogniseContent(head)).toEqual({ kind: 'other', what });
  });

  it('is named also where an archive shows itself late', () => {
    const head = bytes('disk.img');
    head.set(
      [...'ustar'].map((letter) => letter.charCodeAt(0)),
      257,
    );
    expect(recogniseContent(head)).toEqual({ kind: 'other', what: 'a tar archive' });
    expect(recogniseInside('gz', head)).toEqual({ kind: 'other', what: 'a compressed tar archive' });
  });
});
