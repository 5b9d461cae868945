/**
 * Refusals as KubeVirt's admission webhooks word them.
 *
 * The API server wraps the webhook's message; clients show it to people, so both parts are reproduced.
 */
import { StatusError } from '@compute/kube-wire';

export interface Cause {
  type: 'FieldValueInvalid' | 'FieldValueRequired' | 'FieldValueNotFound' | 'FieldValueNotSupported';
  message: string;
  field: string;
}

const SHOWN_CAUSES = 10;

/** A cause of the commonest type. */
export function invalid(field: string, message: string): Cause {
  return { type: 'FieldValueInvalid', field, message };
}

/** The answer to a write that has these causes against it; there is at least one. */
export function denial(webhook: string, causes: readonly Cause[]): StatusError {
  const shown = causes.slice(0, SHOWN_CAUSES);
  const more = causes.length - shown.length;
  const texts = shown.map(({ message }) => message);
  const message = more > 0 ? `${texts.join(', ')}, and ${more} more validation errors` : texts.join(', ');
  return new StatusError(422, 'Invalid', `admission webhook "${webhook}" denied the request: ${message}`, {
    causes: shown.map(({ type, message: text, field }) => ({ reason: type, message: text, field })),
  });
}
