/** The namespace of a project. It may have been there before us; we add labels and never delete it. */
import type { Namespace } from '../kinds.ts';
import { FIELD_MANAGER, PROJECT_LABEL } from './ownership.ts';

export function renderNamespace(namespace: string, project: string): Namespace {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: namespace,
      labels: { 'app.kubernetes.io/managed-by': FIELD_MANAGER, [PROJECT_LABEL]: project },
    },
  };
}
