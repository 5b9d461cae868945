/** What machines used: over a span of time, and just now. Workers sample it; here it is only read. */
import {
  type PerformancePoint,
  type PerformanceRange,
  performanceRange,
  type RangeRequest,
  VM_METERS,
  type VmPhase,
  withGaps,
} from '@compute/domain';
import type { LatestPerformance, Store } from '@compute/store';
import { mayRead } from './access-rules.ts';
import type { ProjectService } from './project-service.ts';
import type { RequestContext } from './request-context.ts';
import type { VmInstanceService } from './vm-instance-service.ts';

/** Workers may sample as rarely as this and a machine still counts as measured just now. */
const JUST_NOW_MS = 5 * 60_000;
/** A machine that stopped a minute ago was measured just now, too; what it uses now is nothing. */
const PHASES_IN_USE = Object.entries(VM_METERS)
  .filter(([, meters]) => meters.includes('vm.running'))
  .map(([phase]) => phase as VmPhase);

export interface MachinePerformance {
  readonly project: string;
  readonly name: string;
  readonly uid: string;
  readonly range: PerformanceRange;
  readonly points: readonly PerformancePoint[];
}

export class PerformanceService {
  readonly #store: Store;
  readonly #projects: ProjectService;
  readonly #instances: VmInstanceService;

  constructor(store: Store, projects: ProjectService, instances: VmInstanceService) {
    this.#store = store;
    this.#projects = projects;
    this.#instances = instances;
  }

  /** Throws `NotFound`; `InvalidArgument` for a span or step that cannot be. */
  async range(
    context: RequestContext,
    project: string,
    name: string,
    asked: RangeRequest,
  ): Promise<MachinePerformance> {
    const { uid } = await this.#instances.get(context, project, name);
    const range = performanceRange(asked, new Date());
    const measured = await this.#store.performance.range(uid, range);
    return { project, name, uid, range, points: withGaps(range, measured) };
  }

  /** The newest sample of each machine of a project that is on; of one of them where it is named. */
  async latest(context: RequestContext, project: string, name?: string): Promise<LatestPerformance[]> {
    mayRead(context, project);
    await this.#projects.mustExist(context, project);
    const query = { project, withinMs: JUST_NOW_MS, phases: PHASES_IN_USE };
    return this.#store.performance.latest({ ...query, ...(name === undefined ? {} : { name }) });
  }
}
