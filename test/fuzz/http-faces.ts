/** The attacks over HTTP: random requests to REST and to kubectl's face, each answer judged by its form too. */
import type { Random } from '../survival/seeds/random.ts';
import { curlLine, type HttpAnswer, httpSender } from './http-call.ts';
import type { Judge } from './judge.ts';
import { type KubeRequest, kubeRequest } from './kube-requests.ts';
import { type Operation, type RestRequest, restRequest } from './rest-requests.ts';
import type { Tenants } from './tenants.ts';

interface HttpGround {
  readonly url: string;
  readonly ca?: string;
  readonly tenants: Tenants;
  readonly judge: Judge;
}

type Attack = (random: Random) => Promise<void>;

export function restAttack(ground: HttpGround, operations: readonly Operation[]): Attack {
  return attack('rest', ground, (random) => restRequest(random, ground.tenants, operations), restFormOf);
}

export function kubeAttack(ground: HttpGround): Attack {
  return attack('kube', ground, (random) => kubeRequest(random, ground.tenants), kubeFormOf);
}

function attack(
  face: 'rest' | 'kube',
  { url, ca, judge }: HttpGround,
  make: (random: Random) => RestRequest | KubeRequest,
  formOf: (answer: HttpAnswer) => string | undefined,
): Attack {
  const send = httpSender(url, ca);
  return async (random) => {
    const request = make(random);
    const again = () => curlLine(url, request);
    try {
      const answer = await send(request);
      const malformed = request.method === 'HEAD' || request.readForMs !== undefined ? undefined : formOf(answer);
      const { route, key } = request;
      judge.answered({
        face,
        route,
        key,
        status: String(answer.status),
        text: answer.text,
        again,
        ...(malformed ? { malformed } : {}),
      });
    } catch (error) {
      // A body that is refused early may cut the connection while it is still being sent.
      const isCut = error instanceof Error && /EPIPE|ECONNRESET/.test(String((error as NodeJS.ErrnoException).code));
      if (!isCut) judge.fault(`${face} ${request.route}: ${(error as Error).message}`, again());
    }
  };
}

/** Errors of REST are problem documents that name their code; JSON is JSON. */
function restFormOf({ status, type, text }: HttpAnswer): string | undefined {
  const body = parsed(type, text);
  if (body === BROKEN) return 'answers with broken JSON';
  if (status < 400) return undefined;
  if (type.includes('yaml')) return undefined;
  const problem = body as { code?: unknown; requestId?: unknown } | undefined;
  return problem?.code && problem.requestId ? undefined : `answers ${status} without a problem document`;
}

function kubeFormOf({ status, type, text }: HttpAnswer): string | undefined {
  const body = parsed(type, text);
  if (body === BROKEN) return 'answers with broken JSON';
  const isStatus = (body as { kind?: unknown } | undefined)?.kind === 'Status';
  return status >= 400 && type.includes('json') && !isStatus ? `answers ${status} without a Status` : undefined;
}

const BROKEN = Symbol('broken');

function parsed(type: string, text: string): unknown {
  if (!type.includes('json') || type.includes('json-seq')) return undefined;
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return BROKEN;
  }
}
