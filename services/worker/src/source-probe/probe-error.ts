/** What a failed connection of the worker means. It explains and never decides: the importer's network is another one. */
import { type DiskFailureCode, type SourceFinding, withoutUrlSecrets } from '@compute/domain';
import { PrivateAddressError } from './public-lookup.ts';

const CODES: Readonly<Record<string, DiskFailureCode>> = {
  ENOTFOUND: 'SourceHostNotFound',
  EAI_AGAIN: 'SourceHostNotFound',
  EAI_NODATA: 'SourceHostNotFound',
  ECONNREFUSED: 'SourceUnreachable',
  EHOSTUNREACH: 'SourceUnreachable',
  ENETUNREACH: 'SourceUnreachable',
  EADDRNOTAVAIL: 'SourceUnreachable',
  SELF_SIGNED_CERT_IN_CHAIN: 'SourceCertificateUntrusted',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'SourceCertificateUntrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'SourceCertificateUntrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'SourceCertificateUntrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'SourceCertificateUntrusted',
  CERT_UNTRUSTED: 'SourceCertificateUntrusted',
  CERT_HAS_EXPIRED: 'SourceCertificateExpired',
  CERT_NOT_YET_VALID: 'SourceCertificateExpired',
  ERR_TLS_CERT_ALTNAME_INVALID: 'SourceCertificateName',
  EPROTO: 'SourceTls',
  ETIMEDOUT: 'SourceTimeout',
  ECONNRESET: 'SourceConnectionLost',
  EPIPE: 'SourceConnectionLost',
};

interface SystemError {
  readonly code?: string;
  readonly name?: string;
  readonly message?: string;
  readonly errors?: readonly unknown[];
}

/** The finding that an error of the question leads to. Never throws. */
export function findingOfError(error: unknown): SourceFinding {
  if (error instanceof PrivateAddressError)
    return { state: 'refused', code: 'SourceAddressForbidden', detail: error.message };
  const first = firstOf(error);
  const detail = withoutUrlSecrets(first.message ?? String(error));
  return { state: 'unreachable', code: codeOf(first), detail };
}

function codeOf({ code = '', name }: SystemError): DiskFailureCode {
  if (name === 'TimeoutError' || name === 'AbortError') return 'SourceTimeout';
  if (code.startsWith('ERR_SSL')) return 'SourceTls';
  if (code.startsWith('HPE_')) return 'SourceRefused';
  return CODES[code] ?? 'ImportFailed';
}

/** Node tries all addresses of a name and reports them together. */
function firstOf(error: unknown): SystemError {
  const system = (error ?? {}) as SystemError;
  return system.errors?.length ? firstOf(system.errors[0]) : system;
}
