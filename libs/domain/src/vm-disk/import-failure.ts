/**
 * Tells one cause of a failing import from another. CDI never ends a failing import: its importer restarts for ever
 * with the last error in a message. What ends here is ours to decide, and it is decided by this table, first match
 * wins. `attempts` is how often the importer may fail that way before the disk is Failed; 1 means at once.
 */
import type { FailureReport } from '../resource.ts';

export const IMPORT_FAILURE_CODES = [
  'SourceNotFound',
  'SourceForbidden',
  'SourceRefused',
  'SourceServerError',
  'SourceHostNotFound',
  'SourceUnreachable',
  'SourceTls',
  'SourceTimeout',
  'SourceConnectionLost',
  'ChecksumMismatch',
  'NotAnImage',
  'ImageTooLarge',
  'ImporterImageMissing',
  'ImporterUnschedulable',
  'ClusterStorageQuota',
  'ImportStalled',
  'ImportFailed',
] as const;
export type ImportFailureCode = (typeof IMPORT_FAILURE_CODES)[number];

export interface ImportFailure extends FailureReport {
  readonly code: ImportFailureCode;
  /** How many attempts of this kind are made before the import has failed. */
  readonly attempts: number;
}

interface Rule {
  readonly pattern: RegExp;
  readonly code: ImportFailureCode;
  readonly message: string;
  readonly remedy: string;
  readonly attempts: number;
}

const ONCE = 1;
const FEW = 3;
const SEVERAL = 5;

const RULES: readonly Rule[] = [
  {
    pattern: /checksum mismatch|ChecksumError/i,
    code: 'ChecksumMismatch',
    message: 'The downloaded file does not have the checksum that was given.',
    remedy: 'Check the checksum and the URL, then make the disk anew.',
    attempts: ONCE,
  },
  {
    pattern: /got (404|410)\b|Status: (404|410)\b/,
    code: 'SourceNotFound',
    message: 'The server says that there is no file at the URL.',
    remedy: 'Correct the URL and make the disk anew, or put the file there and retry.',
    attempts: ONCE,
  },
  {
    pattern: /got (401|403|407)\b|Status: (401|403|407)\b/,
    code: 'SourceForbidden',
    message: 'The server refuses to hand out the file.',
    remedy: 'Use a URL that can be read without logging in, or open it and retry.',
    attempts: ONCE,
  },
  {
    pattern: /got 4\d\d\b|Status: 4\d\d\b/,
    code: 'SourceRefused',
    message: 'The server refuses the download.',
    remedy: 'Open the URL yourself to see why, then retry.',
    attempts: ONCE,
  },
  {
    pattern: /got 5\d\d\b|Status: 5\d\d\b/,
    code: 'SourceServerError',
    message: 'The server that has the file is failing.',
    remedy: 'Retry when the server is well again, or use another mirror.',
    attempts: SEVERAL,
  },
  {
    pattern: /no such host|server misbehaving|name resolution|ENOTFOUND|EAI_AGAIN/i,
    code: 'SourceHostNotFound',
    message: 'The host name in the URL cannot be found.',
    remedy: 'Check the host name; if it is right, see that the platform can resolve it, then retry.',
    attempts: FEW,
  },
  {
    pattern: /x509|certificate|tls: |TLS handshake/i,
    code: 'SourceTls',
    message: "The server's certificate is not trusted.",
    remedy: 'Use a server with a valid certificate for its name.',
    attempts: ONCE,
  },
  {
    pattern: /connection refused|ECONNREFUSED|no route to host|network is unreachable/i,
    code: 'SourceUnreachable',
    message: 'Nothing answers at the address of the URL.',
    remedy: 'Check host and port; see that the server is up, then retry.',
    attempts: FEW,
  },
  {
    pattern:
      /too small to contain image|larger than the reported available|not enough space|no space left|larger PVC is required|Virtual image size/i,
    code: 'ImageTooLarge',
    message: 'The image does not fit on the disk.',
    remedy: 'Make a disk with a larger storage.',
    attempts: ONCE,
  },
  {
    pattern:
      /not a qcow2|unsupported (image )?format|invalid image|unknown format|Invalid format|could not be read|unable to inspect|qemu-img.*(fail|error)|content type text\/html|not an? (disk )?image/i,
    code: 'NotAnImage',
    message: 'What the URL delivers is not a disk image.',
    remedy: 'Use the direct URL of the image file, not of a page about it.',
    attempts: ONCE,
  },
  {
    pattern: /failed to pull image|ImagePullFailed/i,
    code: 'ImporterImageMissing',
    message: 'The platform cannot start the import.',
    remedy: 'This is for the operator: the importer image cannot be pulled. Retry later.',
    attempts: SEVERAL,
  },
  {
    pattern: /i\/o timeout|deadline exceeded|timed out|ETIMEDOUT/i,
    code: 'SourceTimeout',
    message: 'The server does not answer in time.',
    remedy: 'See that the server is reachable and fast enough, then retry.',
    attempts: SEVERAL,
  },
  {
    pattern: /unexpected EOF|connection reset|broken pipe|ECONNRESET|terminated|incomplete/i,
    code: 'SourceConnectionLost',
    message: 'The connection broke off during the download.',
    remedy: 'Retry, or use a mirror with a steadier connection.',
    attempts: SEVERAL,
  },
];

const UNKNOWN: Omit<Rule, 'pattern'> = {
  code: 'ImportFailed',
  message: 'The import failed.',
  remedy: 'See the last error of the import; retry, or make the disk anew.',
  attempts: SEVERAL,
};

/** The cause behind an importer's message (and the reason of CDI's Running condition). */
export function classifyImportError(message: string, reason = ''): ImportFailure {
  const text = `${reason} ${message}`;
  const { code, message: sentence, remedy, attempts } = RULES.find((rule) => rule.pattern.test(text)) ?? UNKNOWN;
  return { code, message: sentence, remedy, attempts, retryable: true };
}

export const IMPORT_STALLED: ImportFailure = {
  code: 'ImportStalled',
  message: 'The import made no progress for too long.',
  remedy: 'See that the server delivers the file at a steady rate, then retry.',
  attempts: ONCE,
  retryable: true,
};

export const CLUSTER_STORAGE_QUOTA: ImportFailure = {
  code: 'ClusterStorageQuota',
  message: 'The cluster has no storage quota left for this disk.',
  remedy: 'This is for the operator: raise the quota of the namespace (an import needs twice its size), then retry.',
  attempts: ONCE,
  retryable: true,
};

export const IMPORTER_UNSCHEDULABLE: ImportFailure = {
  code: 'ImporterUnschedulable',
  message: 'The platform has no room to run the import.',
  remedy: 'This is for the operator: the importer cannot be scheduled. Retry later.',
  attempts: ONCE,
  retryable: true,
};
