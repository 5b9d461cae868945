/**
 * Which URLs an image may come from: http and https, without credentials, and not inside the operator's network.
 *
 * The importer runs in the cluster, so an address that only the cluster reaches (cloud metadata, databases) would be
 * readable by any tenant. A literal address is judged here; the address behind a name where it is resolved.
 */
import { BlockList, isIP } from 'node:net';
import { type FieldProblem, NOT_PUBLIC_NETWORKS } from '@compute/domain';

const MAX_URL_LENGTH = 2048;

const notPublic = new BlockList();
for (const [address, prefix, family] of NOT_PUBLIC_NETWORKS) notPublic.addSubnet(address, prefix, family);

/** True for an IP address that is not reachable from the Internet. IPv4 inside IPv6 is judged as IPv4. */
export function isPrivateAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  return notPublic.check(address, family === 4 ? 'ipv4' : 'ipv6');
}

/** The host of a URL as an address or a name: lower case, without brackets and without the root's dot. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

/** What is wrong with the URL of a source, at most one finding. Messages never repeat the URL: it may hold a token. */
export function sourceUrlProblems(text: string, pointer: string, allowPrivate: boolean): FieldProblem[] {
  const refuse = (code: string, message: string): FieldProblem[] => [{ pointer, code, message }];
  if (text === '') return refuse('required', 'An http or https URL.');
  if (text.length > MAX_URL_LENGTH) return refuse('too_long', `At most ${MAX_URL_LENGTH} characters.`);
  if (UNPRINTABLE.test(text)) return refuse('invalid_url', 'A URL holds no blanks and no line breaks.');
  if (text.includes('\\')) return refuse('invalid_url', 'A URL holds no backslash: programs read it differently.');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url) return refuse('invalid_url', 'Not a URL: give the whole address, such as https://example.com/image.qcow2.');
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return refuse('invalid_url', 'Only http and https can be imported from.');
  if (!WITH_HOST.test(text)) return refuse('invalid_url', 'Between http:// or https:// and the path stands a host.');
  if (url.username !== '' || url.password !== '')
    return refuse('invalid_url', 'A URL with credentials would show them to every reader of the disk.');
  if (!allowPrivate && isInternalHost(hostOf(url))) return refuse('forbidden_address', FORBIDDEN_ADDRESS);
  return [];
}

/** The URL parser would drop some of these without a word, and the importer would ask for something else. */
const UNPRINTABLE = /[\s\p{Cc}]/u;

/** `http:host` and `http:///host` are read as a host here, and as something else by the importer. */
const WITH_HOST = /^https?:\/\/[^/?#]/i;

export const FORBIDDEN_ADDRESS =
  'Private, loopback and link-local addresses, and names of an internal network, cannot be imported from.';

/** Names that no public name server answers: what they mean is decided by the network that the importer is in. */
const INTERNAL_DOMAINS = ['localhost', 'local', 'internal', 'svc', 'home.arpa'];

function isInternalHost(host: string): boolean {
  if (isIP(host) !== 0) return isPrivateAddress(host);
  return !host.includes('.') || INTERNAL_DOMAINS.some((domain) => host.endsWith(`.${domain}`));
}
