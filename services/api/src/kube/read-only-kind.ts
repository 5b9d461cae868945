/** A kind of Kubernetes itself, as far as this face serves it: to be looked at. */
import type { KindDefinition } from '@compute/kube-wire';

/** The core kind of that name with nothing but `get`, `list` and `watch`. */
export function readOnlyKind(kinds: readonly KindDefinition[], name: string): KindDefinition {
  const found = kinds.find(({ group, kind }) => group === '' && kind === name);
  if (!found) throw new Error(`There is no core kind ${name}.`);
  const { admission: _admission, subresources: _subresources, holdsDeletion: _holds, ...rest } = found;
  return { ...rest, statusSubresource: false, verbs: ['get', 'list', 'watch'] };
}
