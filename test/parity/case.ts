/**
 * A case of the parity suite: what there was, what is asked, what is expected, once for all faces. What a face cannot
 * express stands in the case with the reason, and in the name of its test.
 */
import type { FaultCode } from '@compute/domain';
import type { Ask, FaceName, Happening, Json } from './requests.ts';

export interface Expected {
  /** Absent: it succeeds. Whatever is refused leaves nothing behind, which is checked without being said. */
  readonly refused?: FaultCode;
  /** JSON pointers of every field that is named, in any order; absent: none. */
  readonly fields?: readonly string[];
  /** JSON pointers of every warning; absent: none. */
  readonly warned?: readonly string[];
  readonly quota?: Readonly<Record<string, number>>;
  /** What a rehearsal would do to the counters. */
  readonly effects?: readonly string[];
  /** A part of the resource in the shape of its manifest. */
  readonly object?: Json;
  /** Names of a list's items. */
  readonly items?: readonly string[];
  readonly more?: boolean;
  readonly events?: readonly string[];
  readonly replayed?: boolean;
}

export type Turn = readonly [Ask, Expected];

export interface ParityCase {
  readonly title: string;
  readonly given?: readonly Happening[];
  /** One after the other; `between` two of them others may act. */
  readonly turns: readonly (Turn | Happening)[];
  readonly cannot?: Readonly<Partial<Record<FaceName, string>>>;
  /** Where faces must leave something different behind, the tables that are not compared, with the reason. */
  readonly apart?: { readonly tables: readonly string[]; readonly why: string };
  /** The same through the kubectl of this machine, as far as a command line shows it. */
  readonly throughKubectl?: true;
}

export const isTurn = (entry: Turn | Happening): entry is Turn => Array.isArray(entry);
