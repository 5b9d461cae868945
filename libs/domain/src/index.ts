export * from './access/token-bucket.ts';
export * from './catalogue/catalogue.ts';
export * from './failures/disk-failures.ts';
export * from './failures/failure-catalogue.ts';
export * from './failures/failure-entry.ts';
export * from './failures/url-secrets.ts';
export * from './failures/vm-failures.ts';
export * from './fault.ts';
export * from './lifecycle.ts';
export * from './listing.ts';
export * from './names.ts';
export * from './plan.ts';
export * from './quantity.ts';
export * from './field-change.ts';
export * from './quota/claims.ts';
export * from './resource.ts';
export * from './usage/chain.ts';
export * from './usage/meters.ts';
export * from './validation.ts';
export * from './vm-disk/import-failure.ts';
export * from './vm-disk/import-policy.ts';
export * from './vm-disk/import-progress.ts';
export * from './vm-disk/lifecycle.ts';
export * from './vm-disk/observed.ts';
export * from './vm-disk/plan.ts';
export * from './usage/replay.ts';
export {
export * from './vm-disk/attached-machines.ts';
export * from './vm-disk/field-changes.ts';
  DEFAULT_IMPORT_POLICY,
  type DiskDetails,
  type DiskPlan,
  type DiskPlanInput,
  type ImportPolicy,
} from './vm-disk/plan-report.ts';
export * from './vm-disk/validate.ts';
export * from './vm-disk/vm-disk.ts';
export * from './vm-instance/lifecycle.ts';
export * from './vm-instance/observed.ts';
export * from './vm-instance/plan.ts';
export * from './vm-instance/intent.ts';
export * from './vm-instance/plan-report.ts';
export * from './vm-instance/ssh-key.ts';
export * from './vm-instance/change-warnings.ts';
export * from './vm-instance/disk-plugging.ts';
export * from './vm-instance/field-changes.ts';
export * from './vm-instance/intent.ts';
export * from './vm-instance/validate.ts';
export * from './vm-instance/vm-instance.ts';
export { failedWish, powerRefusal } from './vm-instance/plan-power.ts';
export * from './vm-instance/power.ts';
export * from './vm-instance/power.ts';
export * from './vm-instance/start-record.ts';
