/**
 * Who may do what. A key of one project sees no other: whatever lies there is not found, so that names cannot be
 * probed. Called by every application service, so that no face can forget it.
 */
import { type ApiKeyScope, Fault } from '@compute/domain';
import type { Caller, RequestContext } from './request-context.ts';

const IMPLIED: Readonly<Record<ApiKeyScope, readonly ApiKeyScope[]>> = {
  read: ['read', 'write', 'admin'],
  write: ['write', 'admin'],
  admin: ['admin'],
};

/** Throws `PermissionDenied` unless the caller has the scope or one that implies it. */
export function requireScope({ caller }: RequestContext, scope: ApiKeyScope): void {
  if (IMPLIED[scope].some((sufficient) => caller.scopes.includes(sufficient))) return;
  throw new Fault('PermissionDenied', `This needs the scope '${scope}'.`);
}

/** Throws `NotFound` for a project that is not the caller's. */
export function requireProject({ caller }: RequestContext, project: string): void {
  if (caller.project === undefined || caller.project === project) return;
  throw projectNotFound(project);
}

/** Throws `PermissionDenied` unless the caller administers all projects. */
export function requirePlatformAdmin(context: RequestContext): void {
  requireScope(context, 'admin');
  if (context.caller.project !== undefined)
    throw new Fault('PermissionDenied', 'This needs an administrator of the platform, not of one project.');
}

/** Throws `NotFound` for a foreign project, `PermissionDenied` unless the caller administers this one. */
export function mayAdminister(context: RequestContext, project: string): void {
  requireProject(context, project);
  requireScope(context, 'admin');
}

export function mayRead(context: RequestContext, project: string): void {
  requireProject(context, project);
  requireScope(context, 'read');
}

/** Throws `PermissionDenied` for a caller that is bound to one project. */
export function mayReadAll(context: RequestContext): void {
  requireScope(context, 'read');
  if (context.caller.project !== undefined)
    throw new Fault('PermissionDenied', 'This key or token sees one project only. Name the project.');
}

export function mayWrite(context: RequestContext, project: string): void {
  requireProject(context, project);
  requireScope(context, 'write');
}

/** Whether something of a project is visible to the caller at all. */
export function sees(caller: Caller, project: string): boolean {
  return caller.project === undefined || caller.project === project;
}

export function projectNotFound(project: string): Fault {
  const resource = { kind: 'Project', name: project };
  return new Fault('NotFound', `There is no project '${project.slice(0, 63)}'.`, { resource });
}
