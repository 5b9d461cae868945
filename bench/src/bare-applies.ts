/**
 * What a worker asks of the cluster for a new machine, and nothing else: is the name free, then the manifest by server-side
 * apply, over kept-alive connections of Node's own client.
 */
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { vmManifests } from '@compute/cluster';
import { someMachine } from './some-machine.ts';

const NAMESPACE = 'project-bare';
const MACHINES = `/apis/kubevirt.io/v1/namespaces/${NAMESPACE}/virtualmachines`;
const HASH_KEY = Buffer.alloc(32, 1);
const APPLY = 'fieldManager=bench&force=true';

export class BareApplies {
  readonly #url: string;
  readonly #agent: Agent;
  #count = 0;

  constructor(url: string, connections: number) {
    this.#url = url;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  async open(): Promise<void> {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
    await this.#ask('PATCH', `/api/v1/namespaces/${NAMESPACE}?${APPLY}`, JSON.stringify(namespace));
  }

  /** Two calls. Throws when the manifest is refused. */
  async machine(): Promise<void> {
    this.#count += 1;
    const vm = someMachine(`bare-${this.#count}`, []);
    const { virtualMachine } = vmManifests(
      { vm, namespace: NAMESPACE, disks: [] },
      { hashKeys: [HASH_KEY], present: undefined },
    );
    const path = `${MACHINES}/${virtualMachine.metadata.name}`;
    await this.#ask('GET', path);
    const status = await this.#ask('PATCH', `${path}?${APPLY}`, JSON.stringify(virtualMachine));
    if (status >= 300) throw new Error(`The cluster answered ${status} to a manifest.`);
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Resolves with the status when the whole answer is there. */
  async #ask(method: string, path: string, body = ''): Promise<number> {
    const headers = { 'content-type': 'application/apply-patch+yaml', 'content-length': Buffer.byteLength(body) };
    const asking = request(new URL(path, this.#url), { method, agent: this.#agent, headers });
    asking.end(body);
    const [answer] = (await once(asking, 'response')) as [IncomingMessage];
    answer.resume();
    await once(answer, 'end');
    return answer.statusCode ?? 0;
  }
}
