/** What a resource's present spec needs of the quota: less than it holds while a shrunk size is not yet true. */
import { type AnyResource, type Claim, claimOfDisk, claimOfVm } from '@compute/domain';

export function neededClaim(resource: Pick<AnyResource, 'kind' | 'spec' | 'status'>): Claim {
  // The pair of kind and spec comes from one row.
  const { kind, spec, status } = resource as AnyResource;
  if (kind === 'VMDisk') return claimOfDisk(spec);
  return claimOfVm(spec, status.instanceType);
}
