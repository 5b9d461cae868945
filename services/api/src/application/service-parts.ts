/** What a service that reads of projects works with, and the pages that all of them give out. */
import type { TokenSigner } from '@compute/contract';
import type { Page, Store } from '@compute/store';
import type { ProjectService } from './project-service.ts';

export interface ServiceParts {
  readonly store: Store;
  readonly projects: ProjectService;
  readonly signer: TokenSigner;
}

export interface PageRequest {
  readonly pageSize: number;
  /** Empty: the first page. */
  readonly pageToken: string;
}

export interface PageBounds {
  readonly limit: number;
  readonly after?: string;
}

/**
 * One page of a list. Its token is good for `subject` alone, which therefore names everything that was asked for; a token
 * of another list or another question is refused with `InvalidArgument`.
 */
export async function signedPage<T>(
  signer: TokenSigner,
  subject: string,
  { pageSize: limit, pageToken }: PageRequest,
  read: (bounds: PageBounds) => Promise<Page<T>>,
): Promise<Page<T>> {
  const [after] = pageToken === '' ? [] : signer.read(subject, pageToken, '/pageToken');
  const page = await read(after === undefined ? { limit } : { limit, after });
  return page.next === undefined ? page : { ...page, next: signer.sign(subject, [page.next]) };
}
