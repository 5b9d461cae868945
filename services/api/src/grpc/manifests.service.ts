/** Many manifests in one call. Nothing here decides anything. */
import { type Documents, expandLists, fieldPathOf, jsonDocuments, parseYamlDocuments } from '@compute/contract';
import type { AnyResource, Warning } from '@compute/domain';
import {
  type ApplyManifestsRequest,
  ManifestOutcome,
  type ManifestResult,
  type ManifestServiceServer,
} from '@compute/proto';
import { faultsIn, refusalOf } from '../application/manifest-refusal.ts';
import type { ManifestService, ManifestResult as Result } from '../application/manifest-service.ts';
import type { Call, Calls } from './calls.ts';
import { statusMessage } from './grpc-error.ts';
import { quotaEffectMessage, writeOptionsOf } from './resource-methods.ts';
import { vmDiskMessage } from './vm-disk-messages.ts';
import { vmInstanceMessage } from './vm-instance-messages.ts';

const ROOT = 'documents';

export function manifestMethods(calls: Calls, service: ManifestService): Omit<ManifestServiceServer, symbol> {
  return {
    applyManifests: calls.unary(
      'ApplyManifests',
      async (call, request) => {
        const options = { ...writeOptionsOf(request), partial: request.partial };
        const { results, quota } = await service.apply(call, request.project, documentsIn(request), options);
        if (!request.partial && faultsIn(results).length > 0) throw refusalOf(results);
        if (results.length > 0 && results.every(({ replayed }) => replayed))
          call.reply.set('idempotency-replayed', 'true');
        return {
          results: results.map((result, index) => resultMessage(call, result, index)),
          quota: quota.map(quotaEffectMessage),
        };
      },
      ROOT,
    ),
  };
}

/** The manifests of a request, as a text or as objects. */
export function documentsIn({ manifests }: Pick<ApplyManifestsRequest, 'manifests'>): Documents {
  if (manifests?.$case === 'documents') return jsonDocuments(manifests.value.documents);
  return expandLists(parseYamlDocuments(manifests?.value ?? ''));
}

const OUTCOMES: Readonly<Record<Result['verdict']['result'], ManifestOutcome>> = {
  created: ManifestOutcome.MANIFEST_OUTCOME_CREATED,
  configured: ManifestOutcome.MANIFEST_OUTCOME_CONFIGURED,
  unchanged: ManifestOutcome.MANIFEST_OUTCOME_UNCHANGED,
  invalid: ManifestOutcome.MANIFEST_OUTCOME_INVALID,
  skipped: ManifestOutcome.MANIFEST_OUTCOME_SKIPPED,
};

function resultMessage({ requestId }: Call, result: Result, index: number): ManifestResult {
  const { kind = '', name = '', verdict, warnings, lineOf } = result;
  const root = `${ROOT}[${index}]`;
  return {
    ...{ index, kind, name, outcome: OUTCOMES[verdict.result] },
    warnings: warnings.map((warning) => warningMessage(warning, root, lineOf)),
    resource: 'resource' in verdict ? resourceMessage(verdict.resource) : undefined,
    operation: 'operationId' in verdict && verdict.operationId ? `operations/${verdict.operationId}` : '',
    error: verdict.result === 'invalid' ? statusMessage(verdict.fault, { requestId, root }) : undefined,
  };
}

function warningMessage({ pointer, code, message }: Warning, root: string, lineOf: Result['lineOf']) {
  return { field: fieldPathOf(pointer, root), reason: code.toUpperCase(), message, line: lineOf(pointer) ?? 0 };
}

function resourceMessage(resource: AnyResource): ManifestResult['resource'] {
  return resource.kind === 'VMInstance'
    ? { $case: 'vmInstance', value: vmInstanceMessage(resource) }
    : { $case: 'vmDisk', value: vmDiskMessage(resource) };
}
