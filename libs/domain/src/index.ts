export * from './fault.ts';
export * from './plan.ts';
export * from './resource.ts';
export * from './vm-disk/observed.ts';
export * from './vm-disk/vm-disk.ts';
export * from './vm-instance/observed.ts';
export * from './vm-instance/vm-instance.ts';
