/** Why nothing of many manifests was stored: one fault that names every error of every document. */
import { httpStatusOf } from '@compute/contract';
import { Fault, type FieldProblem } from '@compute/domain';
import type { ManifestResult } from './manifest-service.ts';

/** The faults among the results; empty when everything is sound. */
export function faultsIn(results: readonly ManifestResult[]): Fault[] {
  return results.flatMap(({ verdict }) => (verdict.result === 'invalid' ? [verdict.fault] : []));
}

/** The first key of each pointer is the index of the document. The code is the common one, if there is one. */
export function refusalOf(results: readonly ManifestResult[]): Fault {
  const faults = faultsIn(results);
  const [first] = faults;
  const own = faults.length === 1 ? ` ${first?.message ?? ''}` : '';
  const message = `${faults.length} of ${results.length} documents cannot be applied; none was.${own}`;
  const isCommon = first !== undefined && faults.every(({ code }) => code === first.code);
  return new Fault(isCommon ? first.code : 'InvalidArgument', message, {
    ...first?.details,
    fields: results.flatMap(fieldsOf),
  });
}

/** The status that all faults share; 422 when they differ. */
export function refusalStatus(results: readonly ManifestResult[]): number {
  const [first, ...others] = faultsIn(results).map(httpStatusOf);
  return first !== undefined && others.every((status) => status === first) ? first : 422;
}

function fieldsOf({ verdict }: ManifestResult, index: number): FieldProblem[] {
  if (verdict.result !== 'invalid') return [];
  const { code, message, details } = verdict.fault;
  const fields = details.fields ?? [{ pointer: '', code, message }];
  return fields.map((field) => ({ ...field, pointer: `/${index}${field.pointer}` }));
}
