// How an import's source is written on the claim that is to be filled. Credentials are named, never copied.
import type { DataVolumeSource, HttpSource } from '../kinds.ts';
import { annotation } from './annotations.ts';

/** The annotations that make CDI's import controller fill a claim from this source. */
export function importAnnotations(source: DataVolumeSource): Record<string, string> {
  return source.http === undefined ? { [annotation.source]: 'none' } : httpAnnotations(source.http);
}

function httpAnnotations(http: HttpSource): Record<string, string> {
  const headers = (http.extraHeaders ?? []).map((header, index) => [`${annotation.extraHeaders}.${index}`, header]);
  return {
    [annotation.source]: 'http',
    [annotation.endpoint]: http.url,
    ...(http.secretRef === undefined ? {} : { [annotation.secretName]: http.secretRef }),
    ...(http.certConfigMap === undefined ? {} : { [annotation.certConfigMap]: http.certConfigMap }),
    ...(http.checksum === undefined ? {} : { [annotation.checksum]: http.checksum }),
    ...Object.fromEntries(headers),
  };
}
