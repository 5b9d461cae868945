/** Fields of requests: proto3 has no absent text, so an empty one is none. */
import { faultOf } from '@compute/contract';
import { KINDS, type Kind } from '@compute/domain';

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

export const given = (text: string): string | undefined => (text === '' ? undefined : text);

/** Throws `InvalidArgument` for what is no uid. */
export function uidGiven(uid: string): string | undefined {
  if (uid === '' || UUID.test(uid)) return given(uid);
  throw faultOf([{ pointer: '/uid', code: 'invalid_format', message: 'A uid is a UUID.' }]);
}

/** Throws `InvalidArgument` for a word that is no kind. */
export function kindGiven(word: string): Kind | undefined {
  const kind = KINDS.find((known) => known === word);
  if (kind || word === '') return kind;
  throw faultOf([{ pointer: '/kind', code: 'invalid_value', message: `A kind is one of ${KINDS.join(', ')}.` }]);
}
