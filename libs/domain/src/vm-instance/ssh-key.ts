/**
 * SSH public keys, as far as text alone tells. A line without a known type word is an error; a key whose body does
 * not decode is a warning, because the specification's own examples abbreviate theirs.
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
/** No key type has a shorter body. */
const MIN_BODY_BYTES = 50;

export interface SshKeyFinding {
  readonly level: 'error' | 'warning';
  readonly message: string;
}

/** Undefined when the line is a whole, well-formed key. The message never repeats the key. */
export function sshKeyFinding(line: string): SshKeyFinding | undefined {
  if (/[\r\n]/.test(line)) return { level: 'error', message: 'One key a line: this entry has several lines.' };
  const [type = '', body = ''] = line.trim().split(/\s+/, 2);
  if (!KEY_TYPES.has(type)) {
    const message = `Not an SSH public key: it must begin with a key type such as ssh-ed25519 or ssh-rsa.`;
    return { level: 'error', message };
  }
  if (bodyMatches(type, body)) return undefined;
  const message = `This ${type} key does not decode: nobody will be able to log in with it.`;
  return { level: 'warning', message };
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
