// DataSources: names for images to clone. Their status says whether what they name is there.
import { timestamp } from '../clock.ts';
import { Controller } from '../controller.ts';
import { InformerIndex } from '../informer-index.ts';
import { type Condition, type DataSource, dataSources } from '../kinds.ts';
import { keyOf } from '../pod-claims.ts';
import type { CdiContext } from './cdi-context.ts';
import { namedClaimOf } from './clone-source.ts';

export class DataSourceController {
  readonly #context: CdiContext;
  readonly #controller: Controller;
  readonly #byClaim: InformerIndex<DataSource>;

  constructor(context: CdiContext) {
    this.#context = context;
    this.#byClaim = new InformerIndex(context.dataSources, namedClaimOf);
    this.#controller = new Controller({
      name: 'datasource-controller',
      clock: context.clock,
      reconcile: (key) => this.#reconcile(key),
      onError: context.onError,
    });
  }

  start(): void {
    this.#controller
      .watch(this.#context.dataSources, ({ key }) => [key])
      .watch(this.#context.claims, ({ type, key }) => (type === 'modified' ? [] : this.#byClaim.get(key).map(keyOf)));
  }

  async stop(): Promise<void> {
    await this.#controller.stop();
  }

  async #reconcile(key: string): Promise<undefined> {
    const dataSource = this.#context.dataSources.getByKey(key);
    if (dataSource === undefined) return;
    const pvc = dataSource.spec.source.pvc;
    const found =
      pvc !== undefined && this.#context.claims.get(pvc.namespace ?? dataSource.metadata.namespace, pvc.name);
    const ready = found !== undefined && found !== false;
    const before = dataSource.status?.conditions?.find((condition) => condition.type === 'Ready');
    const reason = ready ? 'Ready' : 'NotFound';
    if (before?.status === (ready ? 'True' : 'False') && before.reason === reason) return;
    const condition: Condition = {
      type: 'Ready',
      status: ready ? 'True' : 'False',
      reason,
      message: ready ? 'DataSource is ready to be consumed' : `PVC ${pvc?.name ?? ''} not found`,
      lastTransitionTime: timestamp(),
      lastHeartbeatTime: timestamp(),
    };
    const status = { source: dataSource.spec.source, conditions: [condition] };
    await this.#context.client.replace(dataSources, { ...dataSource, status }, { subresource: 'status' });
  }
}
