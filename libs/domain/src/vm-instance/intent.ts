/**
 * The durable wishes beside a machine's spec: what was asked of its power that a spec cannot say, and what became of it.
 *
 * The spec says whether a machine is to be on or off. How a stop is to be done, that what runs shall be replaced, that it
 * shall be paused: those are asked once, must survive every crash, and are nobody's to edit. Each wish carries the
 * generation that asked for it, so that what became of it cannot be taken for the answer to another one.
 */

/** A wish that one generation of the row asked for. */
export interface Asked {
  readonly asked: number;
}

/** Written by the verb `want` alone. Not part of what a user reads. */
export interface VmIntent {
  /** Holds until the machine is started, stopped, restarted or unpaused; an incarnation that replaces this one too is paused. */
  readonly paused?: Asked;
  /** The guest shall run on, once; a machine that is paused later by whomever stays so. */
  readonly resumed?: Asked;
  /** Another incarnation than the present one shall run: a restart, or the start of a machine whose guest has ended. */
  readonly renewed?: Asked & { readonly graceSeconds: number };
  /** How the guest is ended while the spec says off; absent: with the usual grace. */
  readonly stopped?: Asked & { readonly graceSeconds: number };
}

/** How far a renewal is. Written before anything is done, so that whoever goes on after a crash replaces the same one. */
export interface Renewal extends Asked {
  /** Uid of the incarnation that has to go; absent: there was none. */
  readonly replaces?: string;
  /** Uid of the one that came instead. */
  readonly by?: string;
  readonly over: boolean;
}

/** What became of the wishes, in the status. Not part of what a user reads. */
export interface VmPower {
  /** A wish is not fulfilled yet: no operation on the machine is over, whatever its phase. */
  readonly pending?: true;
  readonly renewal?: Renewal;
  /** The generation whose `resumed` has been fulfilled. */
  readonly resumed?: number;
  /** The wish that will not come true, and why: its operation has failed. */
  readonly refused?: Asked & { readonly code: string; readonly message: string };
}
