/** What kubectl prints behind `Warning:` when something was accepted. */
import type { QuotaEffect } from '@compute/contract';
import type { Accepted } from '../application/resource-service.ts';
import { fieldPath } from './kube-status.ts';

/** The warnings of what was accepted; of a dry run also its effect on the quota, which has no other place here. */
export function warningTexts({ warnings, quota }: Accepted): string[] {
  const texts = warnings.map(({ pointer, message }) => `${fieldPath(pointer)}: ${message}`);
  return [...texts, ...quota.map(quotaText)].map(headerText);
}

function quotaText({ scope, metric, limit, before, after }: QuotaEffect): string {
  return `quota ${scope} ${metric}: ${before} -> ${after} of ${limit}`;
}

/** Headers carry plain characters only. */
function headerText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?');
}
