// Failures of HTTP as Go's client words them, because that is what an importer's termination message says on a cluster and what
// programs that read it look for.

interface SystemError {
  code?: string;
  message?: string;
  address?: string;
  port?: number;
  errors?: unknown[];
  reason?: string;
  cert?: { subjectaltname?: string; subject?: { CN?: string } };
}

const unknownAuthority = [
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_UNTRUSTED',
];

const connectErrors: Record<string, string> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
};

/** `Get "URL": dial tcp ...`, as net/http says it. */
export function goError(method: 'Get' | 'Head', url: URL, error: unknown): string {
  return `${method} "${withoutPassword(url)}": ${goReason(url, error)}`;
}

function goReason(url: URL, error: unknown): string {
  const first = firstOf(error);
  const code = first.code ?? '';
  // A machine without a resolver answers "try again"; to the user both mean that nobody knows the name.
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EAI_NODATA') {
    return `dial tcp: lookup ${hostOf(url)}: no such host`;
  }
  const connect = connectErrors[code];
  if (connect !== undefined) {
    const port = first.port ?? (url.port || (url.protocol === 'https:' ? 443 : 80));
    return `dial tcp ${first.address ?? hostOf(url)}:${port}: ${connect}`;
  }
  return tlsReason(url, first, code) ?? connectionReason(code, first.message ?? String(error));
}

function tlsReason(url: URL, error: SystemError, code: string): string | undefined {
  const failed = 'tls: failed to verify certificate: x509:';
  if (unknownAuthority.includes(code)) return `${failed} certificate signed by unknown authority`;
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return `${failed} certificate has expired or is not yet valid`;
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = (error.cert?.subjectaltname ?? error.cert?.subject?.CN ?? '').replaceAll(/DNS:|IP Address:/g, '');
    return `${failed} certificate is valid for ${names}, not ${hostOf(url)}`;
  }
  if (/wrong version number|packet length too long|record too large/i.test(error.message ?? '')) {
    return 'http: server gave HTTP response to HTTPS client';
  }
  return code.startsWith('ERR_SSL') || code === 'EPROTO' ? 'remote error: tls: handshake failure' : undefined;
}

function connectionReason(code: string, message: string): string {
  if (code === 'ECONNRESET') return message === 'socket hang up' ? 'EOF' : 'read: connection reset by peer';
  if (code.startsWith('HPE_')) return 'net/http: malformed HTTP response';
  return message;
}

// Node tries all addresses of a name and reports them together.
function firstOf(error: unknown): SystemError {
  const system = error as SystemError;
  return Array.isArray(system.errors) && system.errors.length > 0 ? firstOf(system.errors[0]) : system;
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function withoutPassword(url: URL): string {
  if (url.password === '') return url.href;
  const copy = new URL(url.href);
  copy.password = '***';
  return copy.href;
}
