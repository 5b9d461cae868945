/** One HTTP request as bytes, with nothing corrected on its way: headers, path and body go out as they are given. */
import { Agent as HttpAgent, type OutgoingHttpHeaders, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';

export interface HttpCall {
  readonly method: string;
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Uint8Array | undefined;
  /** Answers that do not end by themselves are read for this long. */
  readonly readForMs?: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

const PATIENCE_MS = 20_000;
const MOST_READ_BYTES = 8 * 2 ** 20;

export type Sender = (call: HttpCall) => Promise<HttpAnswer>;

/** Rejects when nothing is answered within twenty seconds, or the connection is cut before an answer. */
export function httpSender(url: string, ca?: string): Sender {
  const { protocol, hostname, port } = new URL(url);
  const limits = { keepAlive: true, maxSockets: 8 };
  const isPlain = protocol === 'http:';
  const agent = isPlain ? new HttpAgent(limits) : new HttpsAgent({ ...limits, ...(ca ? { ca } : {}) });
  const request = isPlain ? requestHttp : requestHttps;
  return ({ method, path, headers, body, readForMs }) =>
    new Promise((resolve, reject) => {
      const call = request({ agent, hostname, port, method, path, headers });
      const patience = setTimeout(() => call.destroy(new Error(`no answer in ${PATIENCE_MS} ms`)), PATIENCE_MS);
      call.on('error', (error) => {
        clearTimeout(patience);
        reject(error);
      });
      call.on('response', (response) => {
        let text = '';
        const { statusCode: status = 0, headers: answered } = response;
        const finish = () => {
          clearTimeout(patience);
          resolve({ status, type: answered['content-type'] ?? '', text });
        };
        if (readForMs !== undefined) setTimeout(() => (response.complete ? undefined : response.destroy()), readForMs);
        response.on('data', (chunk: Buffer) => {
          if (text.length < MOST_READ_BYTES) text += chunk.toString('utf8');
        });
        response.on('close', finish);
        response.on('error', () => undefined);
      });
      call.end(body);
    });
}

/** The same request for a shell. The key is the variable `KEY`. */
export function curlLine(url: string, { method, path, headers, body }: HttpCall): string {
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  const shown = Object.entries(headers).map(([name, value]) =>
    name === 'authorization' ? '-H "Authorization: Bearer $KEY"' : `-H ${quoted(`${name}: ${String(value)}`)}`,
  );
  const sent = body === undefined ? '' : ` --data-binary @<(base64 -d <<< ${Buffer.from(body).toString('base64')})`;
  return `curl -sSk --path-as-is -X ${method} ${quoted(url + path)} ${shown.join(' ')}${sent}`;
}
