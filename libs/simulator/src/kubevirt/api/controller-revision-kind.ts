/** ControllerRevisions of apps/v1: where KubeVirt freezes what a machine was started with. Immutable but for its metadata. */
import type { AdmissionRequest, KindDefinition } from '@compute/kube-wire';
import { StatusError } from '@compute/kube-wire';

export const controllerRevisionKind: KindDefinition = {
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  namespaced: true,
  statusSubresource: false,
  generation: 'none',
  admission: { validate: refuseChangedData },
};

function refuseChangedData({ operation, object, previous }: AdmissionRequest): [] {
  if (operation !== 'update' || JSON.stringify(object.data) === JSON.stringify(previous?.data)) return [];
  const { name } = object.metadata;
  const message = `ControllerRevision.apps "${name}" is invalid: data: Forbidden: may not be changed`;
  throw new StatusError(422, 'Invalid', message, { group: 'apps', kind: 'ControllerRevision', name });
}
