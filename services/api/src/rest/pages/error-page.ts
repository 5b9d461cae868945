/** The page that a problem document's `type` points to. */
import { ERROR_CATALOGUE, GRPC_STATUS, HTTP_STATUS } from '@compute/contract';
import type { FaultCode } from '@compute/domain';
import { escapeHtml, htmlPage } from './html.ts';

export function errorPage(code: FaultCode): string {
  const { title, cause, remedy } = ERROR_CATALOGUE[code];
  const body = `<h1>${escapeHtml(title)}</h1>
<p><code>${code}</code> · HTTP ${HTTP_STATUS[code]} · gRPC ${GRPC_STATUS[code]}</p>
<h2>Cause</h2><p>${escapeHtml(cause)}</p><h2>Remedy</h2><p>${escapeHtml(remedy)}</p>
<nav><a href="/docs">API</a><a href="/errors">All errors</a></nav>`;
  return htmlPage(`${code}: ${title}`, body);
}
