/**
 * What can be asked of a resource, in the words of no face, and what became of it. Each face translates both ways, so a
 * case is written once.
 */
import type { FaultCode, Kind } from '@compute/domain';

export const FACES = ['REST', 'gRPC', 'kubectl'] as const;
export type FaceName = (typeof FACES)[number];

// biome-ignore lint/suspicious/noExplicitAny: manifests and replies of any shape, also wrong ones
export type Json = any;

/** Who asks: the owner of the project unless said otherwise. */
export type Asker = 'owner' | 'reader' | 'stranger' | 'nobody';

interface About {
  readonly kind: Kind;
  readonly by?: Asker;
}

interface Named extends About {
  readonly name: string;
}

interface Change {
  readonly dryRun?: boolean;
  /** Idempotency key. */
  readonly key?: string;
}

interface Bound {
  /** Bound to the version that the last `get` with `remember` saw. */
  readonly ifRemembered?: boolean;
}

export type Ask =
  | ({ readonly ask: 'create'; readonly manifest: Json } & About & Change)
  | ({ readonly ask: 'get'; readonly remember?: boolean } & Named)
  | ({ readonly ask: 'patch'; readonly patch: Json } & Named & Change & Bound)
  | ({ readonly ask: 'replace'; readonly manifest: Json } & Named & Change & Bound)
  | ({ readonly ask: 'delete'; readonly withDisks?: boolean } & Named & Change & Bound)
  | ({ readonly ask: 'act'; readonly verb: string } & Named & Change)
  | ({
      readonly ask: 'list';
      readonly selector?: string;
      readonly phase?: string;
      /** Of REST and gRPC: `name!=a`. */
      readonly filter?: string;
      readonly orderBy?: string;
      readonly size?: number;
      /** Goes on where the last list of this case ended. */
      readonly goOn?: boolean;
    } & About)
  | ({
      readonly ask: 'watch';
      readonly selector?: string;
      /** What happens while it is watched. */
      readonly during: readonly Happening[];
      /** How many events to wait for, those of the listing included. */
      readonly events: number;
    } & About);

export type AskOf<A extends Ask['ask']> = Extract<Ask, { readonly ask: A }>;

/** What others do, the same for every face: a caller of REST, a worker, an administrator. */
export type Happening =
  | { readonly happens: 'applied'; readonly manifests: readonly Json[] }
  | { readonly happens: 'patched'; readonly kind: Kind; readonly name: string; readonly patch: Json }
  | { readonly happens: 'deletion asked'; readonly kind: Kind; readonly name: string }
  | { readonly happens: 'reported'; readonly kind: Kind; readonly name: string; readonly phase: string }
  | { readonly happens: 'removed'; readonly kind: Kind; readonly name: string }
  | { readonly happens: 'limited'; readonly limits: Readonly<Record<string, number>> };

/** A pointer in the spelling of the face, and the sentence about it. */
export interface Remark {
  readonly at: string;
  readonly message: string;
}

export interface Refusal {
  /** Status and code in the words of the face. */
  readonly said: string;
  readonly message: string;
  readonly fields: readonly Remark[];
  /** The numbers of a refused quota. */
  readonly quota?: Readonly<Record<string, number>>;
}

export interface Outcome {
  readonly refusal?: Refusal;
  /** In the shape of the manifest, without what differs from run to run. */
  readonly object?: Json;
  readonly items?: readonly Json[];
  readonly more?: boolean;
  /** `ADDED name phase`. */
  readonly events?: readonly string[];
  readonly warnings: readonly Remark[];
  /** What a rehearsal would do to the quota: `series:U vcpus: 0 -> 1 of unlimited`. */
  readonly effects?: readonly string[];
  /** The answer to an earlier request. */
  readonly replayed?: boolean;
}

/** One face of the API, spoken to as one asker's client does. */
export interface Face {
  readonly name: FaceName;
  /** Asks in a project with the asker's key. What the face cannot express is thrown. */
  perform(ask: Ask, of: { readonly project: string; readonly key: string }): Promise<Outcome>;
  /** How this face says a code. */
  said(code: FaultCode, hasFields: boolean): string | undefined;
  /** How it writes a JSON pointer into what was asked, and into the resource that a warning is about. */
  spelled(pointer: string, ask: Ask, about: 'request' | 'resource'): string;
  close(): void;
}

/** A face for one case: what one request taught (a version, a page token) serves the next. */
export type OpenFace = () => Face;
