/**
 * Tells one cause of a failing import from another by what the importer says. CDI never ends a failing import: its
 * importer restarts for ever with the last error in a message. What ends here is ours to decide: first match wins, and
 * the patience of the match says how often the importer may fail that way before the disk is Failed.
 */
import type { DiskFailureCode } from '../failures/disk-failures.ts';
import type { ImportPolicy } from './import-policy.ts';

/** `never`: trying again gives the same answer. */
export type Patience = 'never' | 'unreachable' | 'transient';

export interface ImportError {
  readonly code: DiskFailureCode;
  readonly patience: Patience;
}

const RULES: readonly (ImportError & { readonly pattern: RegExp })[] = [
  { pattern: /checksum mismatch|ChecksumError/i, code: 'ChecksumMismatch', patience: 'never' },
  { pattern: /^OOMKilled\b/, code: 'ImporterOutOfMemory', patience: 'transient' },
  { pattern: /got 404\b|Status: 404\b/, code: 'SourceNotFound', patience: 'never' },
  { pattern: /got 410\b|Status: 410\b/, code: 'SourceGone', patience: 'never' },
  { pattern: /got (401|403|407)\b|Status: (401|403|407)\b/, code: 'SourceForbidden', patience: 'never' },
  { pattern: /got (408|429)\b|Status: (408|429)\b/, code: 'SourceServerError', patience: 'transient' },
  { pattern: /got 4\d\d\b|Status: 4\d\d\b/, code: 'SourceRefused', patience: 'never' },
  { pattern: /got 5\d\d\b|Status: 5\d\d\b/, code: 'SourceServerError', patience: 'transient' },
  { pattern: /stopped after \d+ redirects/i, code: 'SourceRedirects', patience: 'never' },
  {
    pattern: /no such host|server misbehaving|name resolution|ENOTFOUND|EAI_AGAIN/i,
    code: 'SourceHostNotFound',
    patience: 'unreachable',
  },
  { pattern: /unknown authority|self-signed|cannot validate/i, code: 'SourceCertificateUntrusted', patience: 'never' },
  { pattern: /expired or is not yet valid/i, code: 'SourceCertificateExpired', patience: 'never' },
  {
    pattern: /certificate is (not )?valid for|doesn't contain any IP SANs/i,
    code: 'SourceCertificateName',
    patience: 'never',
  },
  {
    pattern: /x509|certificate|tls: |TLS handshake(?! timeout)|HTTP response to HTTPS client/i,
    code: 'SourceTls',
    patience: 'never',
  },
  {
    pattern: /connection refused|ECONNREFUSED|no route to host|network is unreachable/i,
    code: 'SourceUnreachable',
    patience: 'unreachable',
  },
  {
    pattern:
      /too small to contain image|larger than the reported available|not enough space|no space left|larger PVC is required|Virtual image size/i,
    code: 'ImageTooLarge',
    patience: 'never',
  },
  {
    pattern:
      /not a qcow2|unsupported (image )?format|invalid image|Image is invalid|unknown format|Invalid format|could not be read|unable to inspect|qemu-img.*(fail|error)|content type text\/html|not an? (disk )?image/i,
    code: 'NotAnImage',
    patience: 'never',
  },
  { pattern: /failed to pull image|ImagePullFailed/i, code: 'ImporterImageMissing', patience: 'transient' },
  {
    pattern: /i\/o timeout|deadline exceeded|timed out|ETIMEDOUT|TLS handshake timeout/i,
    code: 'SourceTimeout',
    patience: 'transient',
  },
  {
    pattern: /unexpected EOF|connection reset|broken pipe|ECONNRESET|terminated|incomplete|: EOF$/i,
    code: 'SourceConnectionLost',
    patience: 'transient',
  },
  { pattern: /malformed HTTP|unsupported protocol scheme/i, code: 'SourceRefused', patience: 'never' },
];

/** The cause behind an importer's message (and the reason of CDI's Running condition). */
export function classifyImportError(message: string, reason = ''): ImportError {
  const text = reason === '' ? message : `${reason} ${message}`;
  const found = RULES.find((rule) => rule.pattern.test(text));
  return found ? { code: found.code, patience: found.patience } : { code: 'ImportFailed', patience: 'transient' };
}

/** How many attempts are made in all before an import that fails that way has failed. */
export function attemptsFor(patience: Patience, policy: ImportPolicy): number {
  switch (patience) {
    case 'never':
      return 1;
    case 'unreachable':
      return policy.unreachableAttempts;
    case 'transient':
      return policy.transientAttempts;
  }
}
