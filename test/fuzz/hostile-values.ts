/** Values that break programs: texts, numbers and trees that no caller who means well would send. */
import type { Random } from '../survival/seeds/random.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const LONG = 70_000;
const DEEPEST = 60;
const NUL = '\u0000';
const HALF_PAIR = '\ud800';

const TEXTS: readonly string[] = [
  ...['', ' ', '.', '..', '-', '/', '\\', '%', '%00', '%ff', '\n', '\r\n', '\t', NUL, `a${NUL}b`, HALF_PAIR],
  ...['\u202eabc', '\ufeff', '𝕏', '👩‍👩‍👧‍👦', 'ﷺ', 'İ', 'ß', '\u0300'.repeat(50), '٣', 'Ⅷ'],
  ...["'", '"', "' OR 1=1 --", '$1', '{{7*7}}', '$(x)', '<script>', '../../etc/passwd', 'null', 'undefined', 'NaN'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', '0', '-1', '1e309', '0x10', '1_000'],
  ...['9223372036854775808', '-9223372036854775809', '18446744073709551616', '1Gi', '-1Gi', '1e3Gi', '0.5Ki', '٣Gi'],
  ...['2026-02-30T00:00:00Z', '0000-00-00', '275760-09-13T00:00:00.001Z', '-271821-04-20T00:00:00Z', '2026-11-23'],
  ...[
    'http://',
    'http://[::1',
    'http://a:99999/',
    'file:///etc/passwd',
    'http://2130706433/',
    'http://user:pw@h.invalid/',
  ],
  ...['a=b', 'a in (b', '!', 'a!=', ',', 'a==b,,', 'metadata.name=', '*', '.metadata.name', 'name="', 'a AND', '==='],
];

const NUMBERS: readonly number[] = [
  ...[
    0,
    -0,
    1,
    -1,
    0.5,
    1e-320,
    1e21,
    1e308,
    2 ** 31,
    2 ** 31 - 1,
    -(2 ** 31) - 1,
    2 ** 32,
    2 ** 53,
    -(2 ** 53),
    65_536,
  ],
];

export function hostileText(random: Random): string {
  if (random.chance(0.04)) return random.one(['x', 'é', '0', '/', 'a.', '[', '{"a":']).repeat(random.below(LONG));
  if (random.chance(0.3)) return randomText(random);
  return random.one(TEXTS);
}

function randomText(random: Random): string {
  const points = Array.from({ length: 1 + random.below(24) }, () =>
    random.below(random.one([0x80, 0x100, 0x3000, 0x11_0000])),
  );
  return String.fromCodePoint(...points);
}

export function hostileNumber(random: Random): number {
  return random.chance(0.7) ? random.one(NUMBERS) : (random.next() - 0.5) * 10 ** random.below(20);
}

export function hostileJson(random: Random, depth = 0): Json {
  if (random.chance(0.03)) return nested(random);
  const choice = random.below(depth > 3 ? 5 : 8);
  if (choice === 0) return null;
  if (choice === 1) return random.chance(0.5);
  if (choice === 2) return hostileNumber(random);
  if (choice < 5) return hostileText(random);
  const members = Array.from({ length: random.below(5) }, () => hostileJson(random, depth + 1));
  return choice < 7 ? members : Object.fromEntries(members.map((member) => [hostileText(random), member]));
}

function nested(random: Random): Json {
  let value: Json = 1;
  for (let level = random.below(DEEPEST); level > 0; level -= 1) value = random.chance(0.5) ? [value] : { a: value };
  return value;
}

/** The same tree with a few places torn out, doubled or replaced. */
export function mutated(random: Random, value: Json, rate = 0.15): Json {
  if (random.chance(rate)) return hostileJson(random);
  if (Array.isArray(value)) {
    const kept = value.filter(() => !random.chance(rate / 2)).map((item) => mutated(random, item, rate));
    return random.chance(rate) ? [...kept, ...kept, hostileJson(random)] : kept;
  }
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(() => !random.chance(rate / 3));
  const entries = kept.map(([key, member]) => [key, mutated(random, member, rate)] as const);
  const extra = random.chance(rate) ? [[hostileText(random), hostileJson(random)] as const] : [];
  return Object.fromEntries([...entries, ...extra]);
}

/** Bytes with a few of them turned, taken away or put in. */
export function torn(random: Random, bytes: Uint8Array): Uint8Array {
  const out = [...bytes];
  for (let times = 1 + random.below(4); times > 0; times -= 1) {
    const at = random.below(out.length + 1);
    const does = random.below(3);
    if (does === 0) out.splice(at, 1 + random.below(4));
    else out.splice(at, does - 1, random.below(256));
  }
  return Uint8Array.from(out);
}
