/** Keys in byte order with cheap insertion, removal and ranges; lists come out in the order etcd gives them. */

export class SortedKeys {
  readonly #keys: string[] = [];

  get size(): number {
    return this.#keys.length;
  }

  /** Index of the first key that is not smaller. */
  #lowerBound(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] as string) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  add(key: string): void {
    const at = this.#lowerBound(key);
    if (this.#keys[at] !== key) this.#keys.splice(at, 0, key);
  }

  delete(key: string): void {
    const at = this.#lowerBound(key);
    if (this.#keys[at] === key) this.#keys.splice(at, 1);
  }

  /** All keys that begin with the prefix, in order. */
  withPrefix(prefix: string): string[] {
    if (prefix === '') return this.#keys.slice();
    return this.#keys.slice(this.#lowerBound(prefix), this.#lowerBound(`${prefix}\uffff`));
  }
}
