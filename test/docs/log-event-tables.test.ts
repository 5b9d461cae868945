import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { LOG_EVENTS_PAGE, renderLogEventsPage } from './log-event-tables.ts';

it('docs/log-events.md says what the services write', () => {
  expect(readFileSync(LOG_EVENTS_PAGE, 'utf8')).toBe(renderLogEventsPage());
});
