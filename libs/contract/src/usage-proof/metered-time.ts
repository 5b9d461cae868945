/**
 * Which time is on a bill already, for each resource and meter. Stretches that touch become one, so the memory that it
 * takes follows the number of resources and not that of events.
 */
interface Stretch {
  from: number;
  to: number;
}

export class MeteredTime {
  /** By resource and meter; apart from each other and in the order of time. */
  readonly #stretches = new Map<string, Stretch[]>();

  /** Keeps the time. Answers whether any of it was there before. */
  add(key: string, from: number, to: number): boolean {
    const stretches = this.#stretches.get(key) ?? [];
    this.#stretches.set(key, stretches);
    const place = stretches.findLastIndex((one) => one.from <= from) + 1;
    const [before, after] = [stretches[place - 1], stretches[place]];
    const isDoubled = (before !== undefined && before.to > from) || (after !== undefined && after.from < to);
    if (isDoubled) return true;
    const [joinsBefore, joinsAfter] = [before?.to === from, after?.from === to];
    if (before && joinsBefore) before.to = after && joinsAfter ? after.to : to;
    else if (after && joinsAfter) after.from = from;
    else stretches.splice(place, 0, { from, to });
    if (joinsBefore && joinsAfter) stretches.splice(place, 1);
    return false;
  }
}
