/** Who sees which view of a resource. */
import { operatorViewOf, viewOf } from '@compute/contract';
import type { RequestContext } from './request-context.ts';

/** Administrators see the cluster's own words about a failure. */
export const viewFor = ({ caller }: Pick<RequestContext, 'caller'>): typeof viewOf =>
  caller.scopes.includes('admin') ? operatorViewOf : viewOf;
