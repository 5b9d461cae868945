/** A resource as an operator names it: `<kind> <project>/<name>`. */
import { KINDS, type Kind } from '@compute/domain';
import { type Call, WrongCall } from './command.ts';

export interface NamedTarget {
  readonly kind: Kind;
  readonly project: string;
  readonly name: string;
}

/** From the first two words of a call. Throws `WrongCall`. */
export function targetOf(call: Call): NamedTarget {
  const kind = KINDS.find((known) => known.toLowerCase() === call.word(0).toLowerCase());
  const [project = '', name = '', more] = call.word(1).split('/');
  if (kind === undefined) throw new WrongCall(`"${call.word(0)}" is no kind. There are: ${KINDS.join(', ')}.`);
  if (project === '' || name === '' || more !== undefined) throw new WrongCall('Name it as <project>/<name>.');
  return { kind, project, name };
}
