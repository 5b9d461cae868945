/**
 * Takes out of a text what a URL in it may hold that only its owner should know: user and password, and everything
 * behind `?` (signed URLs carry their signature there). Error texts of importers repeat the URL in full.
 */
const URL_IN_TEXT = /\b(https?:\/\/)(?:[^\s"'<>/?#@]*@)?([^\s"'<>?#]*)(\?[^\s"'<>]*|#[^\s"'<>]*)?/gi;

/** The text with every URL reduced to scheme, host and path; `?…` tells that something was left out. */
export function withoutUrlSecrets(text: string): string {
  return text.replace(
    URL_IN_TEXT,
    (_url, scheme: string, place: string, rest?: string) => `${scheme}${place}${rest === undefined ? '' : '?…'}`,
  );
}
