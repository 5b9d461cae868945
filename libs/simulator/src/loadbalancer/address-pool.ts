/** Public addresses to hand out: the documentation ranges, so that nothing real is ever named. The lowest free one comes first. */

export const DEFAULT_RANGES: readonly string[] = ['203.0.113.', '198.51.100.'];
const FIRST_HOST = 10;
const LAST_HOST = 250;

export class AddressPool {
  readonly #addresses: readonly string[];
  readonly #ownerOf = new Map<string, string>();

  constructor(ranges: readonly string[] = DEFAULT_RANGES) {
    const hosts = Array.from({ length: LAST_HOST - FIRST_HOST + 1 }, (_, index) => FIRST_HOST + index);
    this.#addresses = ranges.flatMap((range) => hosts.map((host) => `${range}${host}`));
  }

  /** Marks an address as held; false when somebody else holds it. */
  hold(address: string, owner: string): boolean {
    const holder = this.#ownerOf.get(address) ?? owner;
    if (holder !== owner) return false;
    this.#ownerOf.set(address, owner);
    return true;
  }

  /** An address for the owner, undefined when none is free. */
  take(owner: string): string | undefined {
    const free = this.#addresses.find((address) => !this.#ownerOf.has(address));
    if (free !== undefined) this.#ownerOf.set(free, owner);
    return free;
  }

  release(owner: string): void {
    for (const [address, holder] of this.#ownerOf) if (holder === owner) this.#ownerOf.delete(address);
  }
}
