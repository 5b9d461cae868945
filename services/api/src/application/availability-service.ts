/** How long resources were in which state, how available machines were, and how imports ended, over a range of time. */
import { faultOf } from '@compute/contract';
import {
  type FieldProblem,
  type Kind,
  type ReportTotals,
  type ResourceReport,
  reportOf,
  type TimeRange,
  totalsOf,
} from '@compute/domain';
import { mayRead } from './access-rules.ts';
import type { RequestContext } from './request-context.ts';
import type { PageRequest, ServiceParts } from './service-parts.ts';

const DEFAULT_RANGE_MS = 30 * 86_400_000;

export interface AvailabilityRequest extends PageRequest {
  readonly project: string;
  readonly kind?: Kind | undefined;
  readonly name?: string | undefined;
  readonly uid?: string | undefined;
  /** Absent: 30 days before `to`. */
  readonly from?: Date | undefined;
  /** Absent, or still to come: now. */
  readonly to?: Date | undefined;
}

export interface AvailabilityReport {
  readonly range: TimeRange;
  /** Of everything that was asked for, not of this page alone. */
  readonly totals: ReportTotals;
  /** By kind, name and uid. */
  readonly items: readonly ResourceReport[];
  readonly next?: string;
}

export class AvailabilityService {
  readonly #parts: ServiceParts;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
  }

  /** Throws `InvalidArgument` for a range that has no time in it. */
  async report(context: RequestContext, request: AvailabilityRequest): Promise<AvailabilityReport> {
    const { project, kind, name, uid, pageSize, pageToken } = request;
    mayRead(context, project);
    await this.#parts.projects.mustExist(context, project);
    const scope = `availability/${JSON.stringify([project, kind, name, uid, request.from, request.to])}`;
    const [after, until] = pageToken === '' ? [] : this.#parts.signer.read(scope, pageToken, '/pageToken');
    // A walk through the pages is about one range, though time goes on meanwhile.
    const range = rangeOf(request, until === undefined ? new Date() : new Date(Number(until)));
    const reports = await this.#reports(request, range);
    const start = after === undefined ? 0 : reports.findIndex((report) => placeOf(report) === after) + 1;
    const items = reports.slice(start, start + pageSize);
    const last = items.at(-1);
    const isMore = last !== undefined && start + items.length < reports.length;
    const next = isMore ? { next: this.#parts.signer.sign(scope, [placeOf(last), String(range.to.getTime())]) } : {};
    return { range, totals: totalsOf(reports), items, ...next };
  }

  async #reports({ project, kind, name, uid }: AvailabilityRequest, range: TimeRange): Promise<ResourceReport[]> {
    const reports: ResourceReport[] = [];
    for await (const records of this.#parts.store.lifeRecords({ project, kind, name, uid, ...range }))
      reports.push(...records.map((record) => reportOf(record, range)));
    return reports;
  }
}

const placeOf = ({ kind, name, uid }: ResourceReport): string => `${kind}/${name}/${uid}`;

function rangeOf({ from: asked, to: until }: AvailabilityRequest, now: Date): TimeRange {
  const to = until === undefined || until > now ? now : until;
  const from = asked ?? new Date(to.getTime() - DEFAULT_RANGE_MS);
  if (from < to) return { from, to };
  const problem: FieldProblem = {
    pointer: '/from',
    code: 'out_of_range',
    message: 'Must be before `to` and in the past.',
  };
  throw faultOf([problem], 'The query');
}
