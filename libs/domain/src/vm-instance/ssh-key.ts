/**
 * SSH public keys, as far as text alone tells. A line without a known type word is an error; a key whose body does
 * not decode is a warning, because the specification's own examples abbreviate theirs, and so is one that is weak.
 */

const KEY_TYPES: ReadonlySet<string> = new Set([
  'ssh-rsa',
  'ssh-dss',
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
]);

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** Four bytes of length come before the type's name in the body. */
const LENGTH_BYTES = 4;
/** What current guidance asks for. */
const MIN_RSA_BITS = 2048;
/** No key type has a shorter body. */
const MIN_BODY_BYTES = 50;

export interface SshKeyFinding {
  readonly level: 'error' | 'warning';
  readonly code: 'invalid_ssh_key' | 'undecodable_ssh_key' | 'weak_ssh_key';
  readonly message: string;
}

/** Undefined when the line is a whole, well-formed key. The message never repeats the key. */
export function sshKeyFinding(line: string): SshKeyFinding | undefined {
  if (/[\r\n]/.test(line))
    return { level: 'error', code: 'invalid_ssh_key', message: 'One key a line: this entry has several lines.' };
  const [type = '', body = ''] = line.trim().split(/\s+/, 2);
  if (!KEY_TYPES.has(type)) {
    const message = `Not an SSH public key: it must begin with a key type such as ssh-ed25519 or ssh-rsa.`;
    return { level: 'error', code: 'invalid_ssh_key', message };
  }
  if (bodyMatches(type, body)) return weakness(type, body);
  const message = `This ${type} key does not decode: nobody will be able to log in with it.`;
  return { level: 'warning', code: 'undecodable_ssh_key', message };
}

/** What servers of today refuse, or what can be broken. */
function weakness(type: string, body: string): SshKeyFinding | undefined {
  const weak = (message: string): SshKeyFinding => ({ level: 'warning', code: 'weak_ssh_key', message });
  if (type === 'ssh-dss') return weak('DSA keys are broken and refused by current SSH servers.');
  if (type !== 'ssh-rsa') return undefined;
  const bits = modulusBits(decodeBase64(body));
  if (bits >= MIN_RSA_BITS) return undefined;
  return weak(`An RSA key of ${bits} bits is weak: use one of at least ${MIN_RSA_BITS}, or ssh-ed25519.`);
}

/** The third field of the body: type, exponent, modulus. */
function modulusBits(bytes: readonly number[]): number {
  let at = 0;
  for (let field = 0; field < 2; field += 1) at += LENGTH_BYTES + lengthPrefix(bytes.slice(at));
  const length = lengthPrefix(bytes.slice(at));
  const modulus = bytes.slice(at + LENGTH_BYTES, at + LENGTH_BYTES + length);
  const first = modulus.findIndex((byte) => byte !== 0);
  if (first < 0) return 0;
  return (modulus.length - first - 1) * 8 + (32 - Math.clz32(modulus[first] ?? 0));
}

function bodyMatches(type: string, body: string): boolean {
  if (!BASE64.test(body) || body.length % 4 !== 0) return false;
  const bytes = decodeBase64(body);
  if (bytes.length < MIN_BODY_BYTES || lengthPrefix(bytes) !== type.length) return false;
  return [...type].every((char, index) => bytes[LENGTH_BYTES + index] === char.charCodeAt(0));
}

function lengthPrefix(bytes: readonly number[]): number {
  return bytes.slice(0, LENGTH_BYTES).reduce((sum, byte) => sum * 256 + byte, 0);
}

function decodeBase64(text: string): number[] {
  const bytes: number[] = [];
  let bits = 0;
  let count = 0;
  for (const char of text.replace(/=+$/, '')) {
    bits = ((bits << 6) | ALPHABET.indexOf(char)) & 0xffffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push((bits >> count) & 0xff);
  }
  return bytes;
}
