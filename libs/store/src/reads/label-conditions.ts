/** Label selectors as SQL. Keys and values travel as parameters, never as text. */
import type { LabelRequirement } from '../records.ts';

/** Conditions that begin with `and`; appends their parameters to `values`. */
export function labelConditions(requirements: readonly LabelRequirement[], values: unknown[]): string {
  const parameter = (value: unknown): string => `$${values.push(value)}`;
  return requirements.map((requirement) => `and ${conditionOf(requirement, parameter)}`).join(' ');
}

/** As Kubernetes has it: what lacks the label matches NotIn. */
function conditionOf({ key, operator, values }: LabelRequirement, parameter: (value: unknown) => string): string {
  const label = `labels ->> ${parameter(key)}::text`;
  switch (operator) {
    case 'In':
      return `(${label}) = any(${parameter([...values])}::text[])`;
    case 'NotIn':
      return `((${label}) is null or (${label}) <> all(${parameter([...values])}::text[]))`;
    case 'Exists':
      return `(${label}) is not null`;
    case 'DoesNotExist':
      return `(${label}) is null`;
  }
}
