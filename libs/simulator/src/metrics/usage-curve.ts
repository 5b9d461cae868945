/**
 * Plausible usage figures as a pure function of who and when: the same pod at the same moment always uses the same.
 *
 * CPU wanders with a daily-looking rhythm and bursts; memory of a guest grows towards a plateau and never shrinks, as the host sees
 * it. No state is kept, so any number of pods costs nothing until somebody asks.
 */

export interface UsageSubject {
  /** Stable identity, such as a uid. */
  id: string;
  seed: number;
  /** Cluster seconds since the pod's containers run. */
  ageSeconds: number;
}

export interface GuestSize {
  vcpus: number;
  memoryBytes: number;
  overheadBytes: number;
}

export interface Usage {
  cpuNanocores: number;
  memoryBytes: number;
}

const STEP_SECONDS = 15;
const MIB = 2 ** 20;

/** What a launcher pod uses: qemu with its guest, and the helpers around it. */
export function guestUsage(subject: UsageSubject, size: GuestSize, paused: boolean): Usage {
  const load = paused ? 0 : guestLoad(subject);
  const cpuNanocores = Math.round((0.004 + load * size.vcpus) * 1e9);
  const plateau = 0.35 + 0.5 * chance(subject, 'plateau');
  const warm = 1 - Math.exp(-subject.ageSeconds / 240);
  const touched = size.memoryBytes * Math.min(1, 0.12 + (plateau - 0.12) * warm);
  return { cpuNanocores, memoryBytes: Math.round(touched + size.overheadBytes * 0.8) };
}

/** What an importer or any other pod uses. */
export function smallUsage(subject: UsageSubject): Usage {
  const step = Math.floor(subject.ageSeconds / STEP_SECONDS);
  return {
    cpuNanocores: Math.round((0.1 + 0.5 * chance(subject, `cpu ${step}`)) * 1e9),
    memoryBytes: Math.round((60 + 90 * chance(subject, `memory ${step}`)) * MIB),
  };
}

/** Share of the vCPUs in use: high while booting, then around a level of its own. */
function guestLoad(subject: UsageSubject): number {
  const { ageSeconds } = subject;
  const boot = 0.7 * Math.exp(-ageSeconds / 45);
  const level = 0.03 + 0.3 * chance(subject, 'level');
  const wave = 0.5 + 0.5 * Math.sin(ageSeconds / 600 + 6.3 * chance(subject, 'phase'));
  const at = ageSeconds / STEP_SECONDS;
  const noise = mix(chance(subject, `n ${Math.floor(at)}`), chance(subject, `n ${Math.floor(at) + 1}`), at % 1);
  return Math.min(1, boot + level * (0.4 + 0.8 * wave) * (0.5 + noise));
}

function mix(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}

/** A number in [0, 1) from identity, seed and a word (FNV-1a, then mixed). */
function chance({ id, seed }: UsageSubject, word: string): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (const character of `${id} ${word}`) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
