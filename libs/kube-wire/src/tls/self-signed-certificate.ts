/**
 * A certificate for a development server. kubectl sends a bearer token over TLS only, so a server with tokens needs
 * one even on loopback; the certificate is its own authority and goes into the kubeconfig.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { bits, boolean, element, integer, octets, oid, sequence, set, tagged, time, utf8 } from './der.ts';

export interface Certificate {
  /** PEM texts; `ca` equals `cert`. */
  cert: string;
  key: string;
  ca: string;
}

export interface CertificateOptions {
  /** How long it is valid, from yesterday on; 3650. */
  readonly days?: number;
  /** Whom it names, for those who look at more than addresses. */
  readonly commonName?: string;
}

const dayMs = 86_400_000;
const ecdsaWithSha256 = sequence(oid('1.2.840.10045.4.3.2'));

function name(commonName: string): Buffer {
  return sequence(set(sequence(oid('2.5.4.3'), utf8(commonName))));
}

function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(value));
}

/** IPv4 addresses become addresses, everything else a DNS name (so does IPv6 loopback, as its 16 bytes). */
function alternativeName(host: string): Buffer {
  if (isIP(host) === 4) return element(0x87, Buffer.from(host.split('.').map(Number)));
  if (host === '::1') return element(0x87, Buffer.from([...Array<number>(15).fill(0), 1]));
  return element(0x82, Buffer.from(host));
}

function extensions(hosts: readonly string[]): Buffer {
  return sequence(
    extension('2.5.29.19', sequence(boolean(true)), true),
    // digitalSignature and keyCertSign
    extension('2.5.29.15', bits(Buffer.from([0b1000_0100]), 2), true),
    // serverAuth and clientAuth
    extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'), oid('1.3.6.1.5.5.7.3.2'))),
    extension('2.5.29.17', sequence(...hosts.map(alternativeName))),
  );
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** Makes a key and a certificate for the hosts. */
export function selfSignedCertificate(
  hosts: readonly string[],
  { days = 3650, commonName = 'development-kube-server' }: CertificateOptions = {},
): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const subject = name(commonName);
  const now = Date.now();
  const body = sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(randomBytes(16)),
    ecdsaWithSha256,
    subject,
    sequence(time(new Date(now - dayMs)), time(new Date(now + days * dayMs))),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(3, extensions(hosts)),
  );
  const cert = pem('CERTIFICATE', sequence(body, ecdsaWithSha256, bits(sign('sha256', body, privateKey))));
  return { cert, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), ca: cert };
}
