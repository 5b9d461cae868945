/**
 * What a file is, from its first bytes: an image that CDI can import, or something else that it would write to the disk
 * without complaint. CDI takes everything that it does not know for a raw image, so a login page becomes a "disk" that
 * never boots; this is where that is noticed.
 */

/** Bytes from the beginning of a file that are enough to tell. */
export const CONTENT_HEAD_BYTES = 4_096;

export type ImageFormat = 'qcow2' | 'vmdk' | 'vdi' | 'vhd' | 'vhdx' | 'raw';
export type Compression = 'gz' | 'xz' | 'zst';

export type SourceContent =
  | {
      readonly kind: 'image';
      readonly format: ImageFormat;
      /** Size of the disk in the image; absent where the first bytes do not say it (raw: it is the length of the file). */
      readonly virtualBytes?: number;
      readonly compression?: Compression;
      /** It is only the difference to another image, which nobody has here. */
      readonly hasBackingFile?: boolean;
    }
  /** `what` completes "It is …". */
  | { readonly kind: 'other'; readonly what: string };

const MAGICS: readonly (readonly [magic: string, what: string])[] = [
  ['%PDF-', 'a PDF document'],
  ['PK\x03\x04', 'a ZIP archive'],
  ['7z\xbc\xaf\x27\x1c', 'a 7z archive'],
  ['Rar!', 'a RAR archive'],
  ['BZh', 'a file compressed with bzip2, which cannot be imported'],
  ['\x7fELF', 'a program'],
  ['\x89PNG', 'a picture'],
  ['\xff\xd8\xff', 'a picture'],
  ['GIF8', 'a picture'],
  ['!<arch>', 'a Debian package'],
  ['\xed\xab\xee\xdb', 'an RPM package'],
];

const PAGES: readonly (readonly [beginning: RegExp, what: string])[] = [
  [/^<!doctype html|^<html|^<head|^<body/i, 'a web page'],
  [/^<\?xml[^>]*>\s*<Error>|^<Error>/i, 'an error message of an object store'],
  [/^<\?xml|^<[a-z!][^>]*>/i, 'an XML document'],
  [/^[{[]\s*["{[\]}]/, 'a JSON document'],
  [/^-----BEGIN /, 'a signature or certificate'],
];

const TAR_MAGIC_AT = 257;
const TEXT_SAMPLE_BYTES = 512;

/** What a file begins like. `head` is its first {@link CONTENT_HEAD_BYTES} bytes, or all of a smaller one. */
export function recogniseContent(head: Uint8Array): SourceContent {
  const compression = compressionOf(head);
  if (compression) return { kind: 'image', format: 'raw', compression };
  const image = imageOf(head);
  if (image) return image;
  const text = latin1(head, 0, TEXT_SAMPLE_BYTES);
  const known = MAGICS.find(([magic]) => text.startsWith(magic));
  if (known) return { kind: 'other', what: known[1] };
  if (latin1(head, TAR_MAGIC_AT, 5) === 'ustar') return { kind: 'other', what: 'a tar archive' };
  if (head.length === 0) return { kind: 'other', what: 'empty' };
  return isText(head) ? { kind: 'other', what: kindOfText(text) } : { kind: 'image', format: 'raw' };
}

/** The image inside a compressed file, from the first bytes of what is inside. */
export function recogniseInside(compression: Compression, inside: Uint8Array): SourceContent {
  const image = imageOf(inside);
  if (image) return { ...image, compression };
  const text = latin1(inside, TAR_MAGIC_AT, 5) === 'ustar' ? 'a compressed tar archive' : undefined;
  return text ? { kind: 'other', what: text } : { kind: 'image', format: 'raw', compression };
}

function compressionOf(head: Uint8Array): Compression | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gz';
  if (latin1(head, 0, 6) === '\xfd7zXZ\x00') return 'xz';
  if (latin1(head, 0, 4) === '\x28\xb5\x2f\xfd') return 'zst';
  return undefined;
}

function imageOf(head: Uint8Array): Extract<SourceContent, { kind: 'image' }> | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const begins = (magic: string): boolean => latin1(head, 0, magic.length) === magic;
  if (begins('QFI\xfb') && head.length >= 32) {
    const hasBackingFile = view.getBigUint64(8) !== 0n;
    const virtualBytes = Number(view.getBigUint64(24));
    return { kind: 'image', format: 'qcow2', virtualBytes, ...(hasBackingFile ? { hasBackingFile } : {}) };
  }
  if (begins('KDMV') && head.length >= 20)
    return { kind: 'image', format: 'vmdk', virtualBytes: Number(view.getBigUint64(12, true)) * 512 };
  if (begins('vhdxfile')) return { kind: 'image', format: 'vhdx' };
  if (begins('conectix') && head.length >= 56)
    return { kind: 'image', format: 'vhd', virtualBytes: Number(view.getBigUint64(48)) };
  if (head.length >= 376 && view.getUint32(64, true) === 0xbeda107f)
    return { kind: 'image', format: 'vdi', virtualBytes: Number(view.getBigUint64(368, true)) };
  return undefined;
}

/** A raw disk begins with a boot sector or zeros; a file whose beginning holds nothing but text is no disk. */
function isText(head: Uint8Array): boolean {
  const sample = head.subarray(0, TEXT_SAMPLE_BYTES);
  return sample.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d || byte === 0x0c);
}

function kindOfText(text: string): string {
  const trimmed = text.replace(/^(\xef\xbb\xbf)?\s+|^\xef\xbb\xbf/, '');
  return PAGES.find(([beginning]) => beginning.test(trimmed))?.[1] ?? 'a text';
}

function latin1(bytes: Uint8Array, from: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(from, from + length));
}
