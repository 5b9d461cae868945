/** Writes the pages of docs/ that are rendered from the domain. */
import { writeFileSync } from 'node:fs';
import {
  NETWORKS_FILE,
  renderNetworks,
  renderSchema,
  renderValuesPage,
  SCHEMA_FILE,
  VALUES_PAGE,
} from '../chart/rendered.ts';
import {
  DASHBOARD_FILE,
  RULES_FILE,
  RUNBOOKS_PAGE,
  renderDashboard,
  renderRules,
  renderRunbooks,
} from '../monitoring/rendered.ts';
import { CHANGES_PAGE, renderChangesPage } from './change-tables.ts';
import { FAILURES_PAGE, renderFailuresPage } from './failure-tables.ts';
import { PAGE, renderLifecyclePage } from './lifecycle-tables.ts';
import { LOG_EVENTS_PAGE, renderLogEventsPage } from './log-event-tables.ts';
import { METRICS_PAGE, renderMetricsPage } from './metric-tables.ts';
import { renderUpgradingPage, UPGRADING_PAGE } from './migration-tables.ts';
import { renderUsagePage, USAGE_PAGE } from './usage-tables.ts';

writeFileSync(PAGE, renderLifecyclePage());
writeFileSync(CHANGES_PAGE, renderChangesPage());
writeFileSync(FAILURES_PAGE, renderFailuresPage());
writeFileSync(LOG_EVENTS_PAGE, renderLogEventsPage());
writeFileSync(METRICS_PAGE, renderMetricsPage());
writeFileSync(UPGRADING_PAGE, renderUpgradingPage());
writeFileSync(USAGE_PAGE, renderUsagePage());
writeFileSync(RULES_FILE, renderRules());
writeFileSync(DASHBOARD_FILE, renderDashboard());
writeFileSync(RUNBOOKS_PAGE, renderRunbooks());
writeFileSync(SCHEMA_FILE, renderSchema());
writeFileSync(NETWORKS_FILE, renderNetworks());
writeFileSync(VALUES_PAGE, renderValuesPage());
