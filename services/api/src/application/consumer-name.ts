/** What a named reader of the usage feed may be called. */
import { Fault } from '@compute/domain';

const CONSUMER_NAME = /^[a-z][a-z0-9-]{0,62}$/;

/** Throws `InvalidArgument` with the pointer. */
export function refuseConsumerName(name: string, pointer: string): void {
  if (CONSUMER_NAME.test(name)) return;
  const message =
    'A reader’s name has lower case letters, digits and dashes, begins with a letter, and at most 63 of them.';
  throw new Fault('InvalidArgument', message, { fields: [{ pointer, code: 'invalid_name', message }] });
}
