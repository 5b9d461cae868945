/** Why a machine does not run: a stable code, a sentence for the tenant, what to do. The cluster's own words stay inside. */
import type { FailureReport } from '../resource.ts';

export const UNSCHEDULABLE: FailureReport = {
  code: 'Unschedulable',
  message: 'No node has room for a machine of this size at present.',
  remedy: 'It starts by itself as soon as there is room; a smaller instance type may start now.',
  retryable: true,
};

export const START_FAILS: FailureReport = {
  code: 'StartFails',
  message: 'The machine ends again and again before it runs.',
  remedy: 'Check that the profile fits the image (firmware, bus); starting is tried again with growing pauses.',
  retryable: true,
};

export const NODE_LOST: FailureReport = {
  code: 'NodeLost',
  message: 'The node that runs the machine does not answer.',
  remedy: 'It is started elsewhere once the node is known to be off; this is for the operator.',
  retryable: true,
};

export const LAUNCH_REFUSED: FailureReport = {
  code: 'LaunchRefused',
  message: 'The cluster refuses to start the machine.',
  remedy: 'This is for the operator: the namespace may have no quota left. Starting is tried again by itself.',
  retryable: true,
};

export const LAUNCHER_IMAGE: FailureReport = {
  code: 'LauncherImageMissing',
  message: 'The platform cannot start the machine.',
  remedy: "This is for the operator: the launcher's image cannot be pulled. Starting is tried again by itself.",
  retryable: true,
};

export const MISSING_CATALOGUE_ENTRY: FailureReport = {
  code: 'CatalogueEntryMissing',
  message: 'The cluster does not know the instance type or the profile of the machine.',
  remedy: 'Choose another one, or ask the operator to install it.',
  retryable: true,
};
