/** The OpenAPI document as a page that reads from top to bottom, without scripts. */
import { ERROR_CATALOGUE, HTTP_STATUS, type OpenApiDocument, type OpenApiOperation } from '@compute/contract';
import { FAILURE_CATALOGUE, FAULT_CODES } from '@compute/domain';
import { escapeHtml, htmlPage } from './html.ts';

export function apiPage(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );
  const sections = document.tags.map(({ name, description }) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(name));
    return `<h2 id="${escapeHtml(name)}">${escapeHtml(name)}</h2><p>${escapeHtml(description)}</p>${own.map(operationHtml).join('')}`;
  });
  const body = `<h1>${escapeHtml(document.info.title)}</h1><p>${escapeHtml(document.info.description)}</p>
<nav>${document.tags.map(({ name }) => `<a href="#${escapeHtml(name)}">${escapeHtml(name)}</a>`).join('')}<a href="#errors">errors</a><a href="/openapi.json">openapi.json</a></nav>
${sections.join('\n')}<h2 id="errors">errors</h2>${errorTable()}<h2 id="schemas">schemas</h2>${schemasHtml(document)}`;
  return htmlPage(document.info.title, body);
}

interface Row {
  readonly path: string;
  readonly method: string;
  readonly operation: OpenApiOperation;
}

function operationHtml({ path, method, operation }: Row): string {
  const parameters = operation.parameters.map(
    ({ name, in: place, description }) =>
      `<tr><td><code>${escapeHtml(name)}</code></td><td>${place}</td><td>${escapeHtml(description)}</td></tr>`,
  );
  const responses = Object.entries(operation.responses).map(
    ([status, response]) =>
      `<tr><td>${escapeHtml(status)}</td><td></td><td>${escapeHtml(response.description)}</td></tr>`,
  );
  return `<details id="${escapeHtml(operation.operationId)}"><summary><span class="verb">${method.toUpperCase()}</span> <code>${escapeHtml(path)}</code> ${escapeHtml(operation.summary)}</summary>
<p>${escapeHtml(operation.description ?? '')}</p>${parameters.length > 0 ? `<h3>Parameters</h3><table>${parameters.join('')}</table>` : ''}
<h3>Example</h3>${exampleHtml({ path, method, operation })}<h3>Answers</h3><table>${responses.join('')}</table></details>`;
}

/** The request with the values that the document shows, and its body where it has one. */
function exampleHtml({ path, method, operation: { parameters, requestBody } }: Row): string {
  const shown = parameters.reduce(
    (address, { name, in: place, example }) =>
      place === 'path' ? address.replace(`{${name}}`, String(example)) : address,
    path,
  );
  const line = `${method.toUpperCase()} ${shown}`;
  const example = Object.values(requestBody?.content ?? {}).find((content) => content.example !== undefined)?.example;
  const body = typeof example === 'string' ? example : JSON.stringify(example, undefined, 2);
  return `<pre>${escapeHtml(example === undefined ? line : `${line}\n\n${body}`)}</pre>`;
}

function errorTable(): string {
  const rows = FAULT_CODES.map(
    (code) =>
      `<tr><td><a href="/errors/${code}">${code}</a></td><td>${HTTP_STATUS[code]}</td><td>${escapeHtml(ERROR_CATALOGUE[code].title)}</td></tr>`,
  );
  const failures = FAILURE_CATALOGUE.map(
    ({ code, kind, message }) =>
      `<tr><td><a href="/errors/${code}">${code}</a></td><td>${kind}</td><td>${escapeHtml(message)}</td></tr>`,
  );
  return `<h3>Of requests</h3><table>${rows.join('')}</table><h3>In status.failure</h3><table>${failures.join('')}</table>`;
}

function schemasHtml(document: OpenApiDocument): string {
  return Object.entries(document.components.schemas)
    .map(
      ([name, schema]) =>
        `<details id="schema-${escapeHtml(name)}"><summary><code>${escapeHtml(name)}</code></summary><pre>${escapeHtml(JSON.stringify(schema, undefined, 2))}</pre></details>`,
    )
    .join('');
}
