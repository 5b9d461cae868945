/** What is kept of every change that somebody asked for. */
export interface AuditEntry {
  /** Decimal digits. */
  readonly id: string;
  readonly at: Date;
  /** Empty for what belongs to no project. */
  readonly project: string;
  readonly actor: string;
  readonly verb: string;
  readonly kind: string;
  readonly name: string;
  /** Absent for what has none: quotas, API keys. */
  readonly uid?: string;
  readonly requestId: string;
  readonly traceId?: string;
  /** `rest`, `grpc` or `kube`; absent for what no face asked for. */
  readonly face?: string;
  readonly address?: string;
}
