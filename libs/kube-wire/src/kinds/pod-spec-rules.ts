/** What may change in the spec of a pod after it was created: little, and the node only by binding. */
import type { AdmissionRequest } from '../protocol/admission.ts';
import type { Fields } from '../protocol/kube-object.ts';
import { equalJson, fieldsOf, listOf } from '../protocol/kube-object.ts';
import type { FieldProblem } from '../protocol/status-error.ts';
import { forbiddenField, requiredField } from '../protocol/status-error.ts';

const refusal =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/** Problems of a pod that is created or changed. */
export function podSpecProblems({ operation, object, previous, subresource }: AdmissionRequest): FieldProblem[] {
  const spec = fieldsOf(object.spec);
  if (operation === 'create') return listOf(spec.containers).length === 0 ? [requiredField('spec.containers')] : [];
  if (operation === 'delete' || subresource !== undefined) return [];
  const before = fieldsOf(previous?.spec);
  const lost = listOf(before.tolerations).some((old) => !listOf(spec.tolerations).some((kept) => equalJson(old, kept)));
  return lost || !equalJson(lasting(before), lasting(spec)) ? [forbiddenField('spec', refusal)] : [];
}

/** The spec without what may change. */
function lasting(spec: Fields): Fields {
  const { activeDeadlineSeconds: _, tolerations: __, schedulingGates: ___, ...rest } = spec;
  const withoutImages = (containers: unknown): unknown[] =>
    listOf(containers).map((container) => ({ ...fieldsOf(container), image: undefined }));
  return {
    ...rest,
    containers: withoutImages(spec.containers),
    initContainers: withoutImages(spec.initContainers),
    ephemeralContainers: undefined,
  };
}
