/** Compares what controllers told with what the real ones were seen to tell. Pure. */
import { type Exception, exceptions } from './exceptions.ts';
import { joined, NOTHING, type Recording, splitSequence } from './recording.ts';
import { changes, type Trace } from './trace.ts';

export interface Difference {
  readonly object: string;
  readonly fact: string;
  /** What the real controllers were seen to tell; nothing when they have no such object or fact. */
  readonly recorded: readonly string[];
  readonly told: string;
}

/** Where a run differs from everything that was recorded of its story. */
export function differencesOf(trace: Trace, recorded: Recording[string]): Difference[] {
  const objects = [...new Set([...Object.keys(trace), ...Object.keys(recorded)])].sort();
  return objects.flatMap((object) => {
    const facts = new Set([...Object.keys(trace[object] ?? {}), ...Object.keys(recorded[object] ?? {})]);
    return [...facts].sort().flatMap((fact) => {
      const sequence = trace[object]?.[fact];
      const told = sequence === undefined ? NOTHING : joined(sequence);
      const seen = recorded[object]?.[fact] ?? [NOTHING];
      return agrees(object, fact, told, seen) ? [] : [{ object, fact, recorded: seen, told }];
    });
  });
}

function agrees(object: string, fact: string, told: string, seen: readonly string[]): boolean {
  const applying = exceptions.filter((one) => one.object.test(object) && one.fact.test(fact));
  if (applying.some(({ moments }) => moments === undefined)) return true;
  const reduced = reduce(told, applying);
  return seen.some((text) => reduce(text, applying) === reduced);
}

/** Without the moments that may be missed. What is left of an object that only had such moments was not there either. */
function reduce(text: string, applying: readonly Exception[]): string {
  const values = splitSequence(text);
  const left = changes(values.filter((value) => !applying.some(({ moments }) => moments?.test(value) === true)));
  return left.length < 2 && (left[0] ?? '-') === '-' ? NOTHING : joined(left);
}

export function describeDifference({ object, fact, recorded, told }: Difference): string {
  return [`${object}: ${fact}`, ...recorded.map((text) => `  real: ${text}`), `  told: ${told}`].join('\n');
}
