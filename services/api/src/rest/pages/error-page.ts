/** The pages that a problem document's `type` points to, and those of what resources can fail of. */
import { ERROR_CATALOGUE, GRPC_STATUS, HTTP_STATUS } from '@compute/contract';
import type { CataloguedFailure, FaultCode } from '@compute/domain';
import { escapeHtml, htmlPage } from './html.ts';

export function errorPage(code: FaultCode): string {
  const where = `HTTP ${HTTP_STATUS[code]} · gRPC ${GRPC_STATUS[code]}`;
  return pageOf(code, where, ERROR_CATALOGUE[code]);
}

/** The page of a code in `status.failure`. */
export function failurePage({ code, kind, message, cause, remedy, retryable, concerns }: CataloguedFailure): string {
  const retry = retryable ? 'retrying can help' : 'retrying without a change does not help';
  const whom = concerns === 'operator' ? 'a matter of the operator' : 'a matter of the user';
  return pageOf(code, `status.failure of a ${kind} · ${whom} · ${retry}`, { title: message, cause, remedy });
}

interface Texts {
  readonly title: string;
  readonly cause: string;
  readonly remedy: string;
}

function pageOf(code: string, where: string, { title, cause, remedy }: Texts): string {
  const body = `<h1>${escapeHtml(title)}</h1>
<p><code>${code}</code> · ${escapeHtml(where)}</p>
<h2>Cause</h2><p>${escapeHtml(cause)}</p><h2>Remedy</h2><p>${escapeHtml(remedy)}</p>
<nav><a href="/docs">API</a><a href="/errors">All errors</a></nav>`;
  return htmlPage(`${code}: ${title}`, body);
}
