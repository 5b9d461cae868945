/**
 * The wrapping keys of an installation: one that seals, and others that only open, so that a key can be replaced while
 * everything runs. Before a change of keys the next one is among the others of every process, afterwards the last one.
 *
 * A key is known by a fingerprint of its own, never by what somebody called it: a mix-up of two keys cannot go unseen.
 * A reader could break: whoever holds this object sees a replacement at once, so nothing may keep bytes taken from it.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { Fault } from '@compute/domain';

const KEY_BYTES = 32;
const FINGERPRINT_LENGTH = 12;

export interface WrappingKey {
  /** Twelve hex digits; says nothing about the key. */
  readonly id: string;
  readonly bytes: Buffer;
}

/** 32 bytes each, as they are or in base64. */
export type KeyMaterial = Uint8Array | string;

export class WrappingKeys {
  #current: WrappingKey;
  #others: readonly WrappingKey[];

  /** Throws `InvalidArgument` for a key of another length, without the key in the message. */
  constructor(current: KeyMaterial, others: readonly KeyMaterial[] = []) {
    this.#current = wrappingKey(current);
    this.#others = others.map(wrappingKey);
  }

  /** What is given to a store: keys that may change, or one that stays. */
  static of(given: KeyMaterial | WrappingKeys): WrappingKeys {
    return given instanceof WrappingKeys ? given : new WrappingKeys(given);
  }

  /** The one that seals. */
  get current(): WrappingKey {
    return this.#current;
  }

  /** Every key that opens; the present one first. */
  get all(): readonly WrappingKey[] {
    return [this.#current, ...this.#others];
  }

  find(id: string): WrappingKey | undefined {
    return this.all.find((key) => key.id === id);
  }

  /** Takes other keys from now on. Answers whether they differ. Throws as the constructor, and keeps what it had. */
  replace(current: KeyMaterial, others: readonly KeyMaterial[]): boolean {
    const [first, rest] = [wrappingKey(current), others.map(wrappingKey)];
    const before = this.all;
    this.#current = first;
    this.#others = rest;
    const now = this.all;
    return now.length !== before.length || now.some((key, index) => !isSame(key, before[index]));
  }
}

/** A fingerprint of a key; for data keys too. */
export function fingerprint(key: Uint8Array): string {
  return createHash('sha256').update('key fingerprint').update(key).digest('hex').slice(0, FINGERPRINT_LENGTH);
}

function wrappingKey(given: KeyMaterial): WrappingKey {
  const bytes = typeof given === 'string' ? Buffer.from(given.trim(), 'base64') : Buffer.from(given);
  if (bytes.length !== KEY_BYTES)
    throw new Fault('InvalidArgument', `The secrets key must be ${KEY_BYTES} bytes (base64), not ${bytes.length}.`);
  return { id: fingerprint(bytes), bytes };
}

function isSame(key: WrappingKey, other: WrappingKey | undefined): boolean {
  return other !== undefined && timingSafeEqual(key.bytes, other.bytes);
}
