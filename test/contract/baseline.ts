/** Where the committed baseline of the public contract lies, and what it is made of. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type OpenApiDocument, openApiDocument } from '@compute/contract';

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export const OPENAPI_BASELINE = pathOf('./baseline/openapi.json');
export const PROTO_BASELINE = pathOf('./baseline/descriptors.binpb');
export const PROTO_FOLDER = pathOf('../../proto');
export const BUF = pathOf('../../node_modules/.bin/buf');

/** As it was committed. */
export function baselineDocument(): OpenApiDocument {
  return JSON.parse(readFileSync(OPENAPI_BASELINE, 'utf8')) as OpenApiDocument;
}

/** Makes the present contract the baseline. */
export function writeBaseline(): void {
  writeFileSync(OPENAPI_BASELINE, `${JSON.stringify(openApiDocument(), undefined, 1)}\n`);
  execFileSync(BUF, ['build', '.', '--as-file-descriptor-set', '-o', PROTO_BASELINE], { cwd: PROTO_FOLDER });
}
