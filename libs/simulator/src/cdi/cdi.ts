// CDI as a whole: all its controllers over one set of informers.
import { CdiContext, type CdiOptions } from './cdi-context.ts';
import { CloneController } from './clone-controller.ts';
import { ClonePopulator } from './clone-populator.ts';
import { DataSourceController } from './data-source-controller.ts';
import { DataVolumeController } from './data-volume-controller.ts';
import { ImportController } from './import-controller.ts';
import { ImportPopulator } from './import-populator.ts';

/** CDI's controllers. Make it before the informers are started, start it after. */
export class Cdi {
  readonly #parts: { start(): void; stop(): Promise<void> }[];

  constructor(options: CdiOptions) {
    const context = new CdiContext(options);
    this.#parts = [
      new DataVolumeController(context),
      new DataSourceController(context),
      new ImportPopulator(context),
      new ImportController(context),
      new ClonePopulator(context),
      new CloneController(context),
    ];
  }

  start(): void {
    for (const part of this.#parts) part.start();
  }

  /** Ends all work in hand; the cluster stays as it is. */
  async stop(): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.stop()));
  }
}

export type { CdiOptions };
