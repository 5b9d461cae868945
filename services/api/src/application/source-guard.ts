/**
 * Looks behind the names of image sources: a public name that resolves to a private address would lead the importer
 * into the operator's network.
 *
 * A name that does not resolve here is accepted: the import says so truthfully, and the API must not depend on a
 * name server. Answers are kept for a moment, so that a burst of disks from one source asks once.
 */
import { Resolver } from 'node:dns/promises';
import { type AnyDesired, FORBIDDEN_ADDRESS, hostOf, isPrivateAddress } from '@compute/contract';
import type { FieldProblem } from '@compute/domain';

const ANSWER_TTL_MS = 30_000;
const MAX_ANSWERS = 1_000;
const TIMEOUT_MS = 500;

export type Resolve = (host: string) => Promise<readonly string[]>;

export class SourceGuard {
  readonly #allowPrivate: boolean;
  readonly #resolve: Resolve;
  readonly #answers = new Map<string, { readonly until: number; readonly internal: Promise<boolean> }>();

  constructor(allowPrivate: boolean, resolve: Resolve = systemResolver()) {
    this.#allowPrivate = allowPrivate;
    this.#resolve = resolve;
  }

  /** Problems of the source of a checked manifest, if it has one that is fetched. */
  async problemsOf(desired: AnyDesired): Promise<readonly FieldProblem[]> {
    if (this.#allowPrivate || desired.kind !== 'VMDisk' || !desired.spec.source.http) return [];
    const host = hostOf(new URL(desired.spec.source.http.url));
    if (!(await this.#isInternal(host))) return [];
    return [{ pointer: '/spec/source/http/url', code: 'forbidden_address', message: FORBIDDEN_ADDRESS }];
  }

  #isInternal(host: string): Promise<boolean> {
    const now = Date.now();
    const known = this.#answers.get(host);
    if (known && known.until > now) return known.internal;
    const internal = this.#resolve(host).then(
      (addresses) => addresses.some(isPrivateAddress),
      () => false,
    );
    if (this.#answers.size >= MAX_ANSWERS) this.#answers.clear();
    this.#answers.set(host, { until: now + ANSWER_TTL_MS, internal });
    return internal;
  }
}

function systemResolver(): Resolve {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: 1 });
  return async (host) => {
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  };
}
