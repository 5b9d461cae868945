/** What both services stand on besides their work: configuration, logs, metrics, health, traces and an orderly end. */
export { readCatalogue } from './catalogue-file.ts';
export {
  type ConfigOf,
  ConfigurationError,
  describeSettings,
  type Environment,
  readConfig,
  type Settings,
} from './config.ts';
export { type CheckResult, type HealthCheck, HealthRegistry, type Readiness } from './health.ts';
export { enterLogContext, type LogContext, logContext, noteIds, withLogContext } from './log-context.ts';
export { LOG_EVENTS, type LogEventDefinition, type LogEventName } from './log-events.ts';
export { createLogger, describeError, LIBRARY_EVENT, type Logger, type LoggerSettings } from './logger.ts';
export { API_METRICS, WORKER_METRICS } from './metric-definitions.ts';
export {
  createMetrics,
  type Instruments,
  type MetricDefinition,
  type MetricDefinitions,
  type Metrics,
  type MetricType,
} from './metrics.ts';
export { type FrameworkLogger, frameworkLogger } from './nest-logger.ts';
export { followSecretsKeys, type ReplaceableKeys } from './secrets-key-files.ts';
export { SHARED_SETTINGS } from './service-settings.ts';
export {
  flagSetting,
  integerSetting,
  keySetting,
  keysSetting,
  oneOfSetting,
  optional,
  portSetting,
  ratioSetting,
  type Setting,
  type SettingForm,
  textSetting,
  type Unreadable,
  urlSetting,
} from './settings.ts';
export { SHUTDOWN_DEADLINE_MS, Shutdown, type ShutdownSettings } from './shutdown.ts';
export { formatTraceparent, parseTraceparent, startSpan, type TraceContext } from './traceparent.ts';
export { openTracer, type TracerSettings } from './tracing/open-tracer.ts';
export {
  noTracer,
  type Span,
  type SpanAttributes,
  type SpanKind,
  type SpanOptions,
  type Tracer,
} from './tracing/tracer.ts';
