/** One question to an http source, from its URL to a finding. Never throws: not to get an answer is a finding too. */
import { constants, gunzipSync } from 'node:zlib';
import {
  CONTENT_HEAD_BYTES,
  recogniseContent,
  recogniseInside,
  refusalOfStatus,
  type SourceContent,
  type SourceFinding,
} from '@compute/domain';
import { type AskOptions, firstBytesOf, type SourceAnswer, TooManyRedirects } from './first-bytes.ts';
import { findingOfError } from './probe-error.ts';

/** An import waits for the answer, so a server that is silent is not waited for long. */
const PATIENCE_MS = 5_000;
/** What the first bytes of a compressed file may become; more is not looked at. */
const MAX_INSIDE_BYTES = 8 * 2 ** 20;

export interface ProbeOptions extends Pick<AskOptions, 'allowPrivate' | 'isForbidden'> {
  /** Ends the question early, for the end of the worker. */
  readonly signal: AbortSignal;
  readonly patienceMs?: number;
}

export async function probeSource(url: string, options: ProbeOptions): Promise<SourceFinding> {
  const { signal, patienceMs = PATIENCE_MS, ...rules } = options;
  try {
    const answer = await firstBytesOf(url, {
      ...rules,
      signal: AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]),
    });
    return findingOf(answer);
  } catch (error) {
    if (error instanceof TooManyRedirects) return { state: 'refused', code: 'SourceRedirects', detail: error.message };
    return findingOfError(error);
  }
}

function findingOf({ status, head, totalBytes }: SourceAnswer): SourceFinding {
  const detail = `the server answered ${status}`;
  const refusal = refusalOfStatus(status);
  if (refusal) return { state: 'refused', code: refusal, detail };
  if (status !== 200 && status !== 206)
    return { state: 'unreachable', code: status >= 500 ? 'SourceServerError' : 'SourceRefused', detail };
  return { state: 'found', content: contentOf(head), ...(totalBytes === undefined ? {} : { totalBytes }) };
}

function contentOf(head: Uint8Array): SourceContent {
  const outside = recogniseContent(head);
  if (outside.kind === 'other' || outside.compression !== 'gz') return outside;
  try {
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: MAX_INSIDE_BYTES };
    return recogniseInside('gz', gunzipSync(head, options).subarray(0, CONTENT_HEAD_BYTES));
  } catch {
    // Not gzip after all, or a bomb: the importer will say.
    return outside;
  }
}
