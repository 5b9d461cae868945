/**
 * What wrapping keys seal: data keys of projects and signing secrets of webhooks. The row says which key sealed it; a row
 * that does not (a build before wrote it) is tried with every key, and each try either opens or proves that it does not.
 */
import { Fault } from '@compute/domain';
import { decrypt, encrypt } from './cipher.ts';
import type { WrappingKey, WrappingKeys } from './wrapping-keys.ts';

export interface Envelope {
  readonly sealed: Buffer;
  /** Id of the wrapping key; null where it was not recorded. */
  readonly wrappedBy: string | null;
}

/** Of what an envelope is; it opens for nothing else. */
export type EnvelopeContext = `project/${string}` | `webhook/${string}`;

export function wrap(
  clear: Buffer,
  keys: WrappingKeys,
  context: EnvelopeContext,
): { sealed: Buffer; wrappedBy: string } {
  const { id, bytes } = keys.current;
  return { sealed: encrypt(clear, bytes, context), wrappedBy: id };
}

/** Throws `Internal` when none of the keys opens it. */
export function unwrap(envelope: Envelope, keys: WrappingKeys, context: EnvelopeContext): Buffer {
  const opened = openWith(envelope, keys, context);
  if (opened) return opened.clear;
  const named = envelope.wrappedBy === null ? '' : ` It was sealed with the key ${envelope.wrappedBy}.`;
  throw new Fault('Internal', `A stored secret does not open with any of the secrets keys.${named}`);
}

/** Which of the keys opens it, and what it holds; undefined when none does. */
export function openWith(
  { sealed, wrappedBy }: Envelope,
  keys: WrappingKeys,
  context: EnvelopeContext,
): { readonly key: WrappingKey; readonly clear: Buffer } | undefined {
  const named = wrappedBy === null ? undefined : keys.find(wrappedBy);
  // A build that records no key leaves the name that stood there: the name is where to begin, not what is so.
  for (const key of new Set([...(named ? [named] : []), ...keys.all])) {
    const clear = tryToDecrypt(sealed, key, context);
    if (clear) return { key, clear };
  }
  return undefined;
}

function tryToDecrypt(sealed: Buffer, { bytes }: WrappingKey, context: string): Buffer | undefined {
  try {
    return decrypt(sealed, bytes, context);
  } catch {
    return undefined;
  }
}
