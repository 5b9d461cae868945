/**
 * Makes Prometheus metrics from a list of definitions, so that names, labels and help stand in one place and a label that
 * is not in the list does not compile.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export type MetricType = 'counter' | 'gauge' | 'histogram';

export interface MetricDefinition {
  readonly type: MetricType;
  /** Snake case with the unit at the end: `compute_reconcile_duration_seconds`. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram, in the unit of its name. */
  readonly buckets?: readonly number[];
}

export type MetricDefinitions = Readonly<Record<string, MetricDefinition>>;

type Instrument<D extends MetricDefinition> = D['type'] extends 'counter'
  ? Counter<D['labels'][number]>
  : D['type'] extends 'gauge'
    ? Gauge<D['labels'][number]>
    : Histogram<D['labels'][number]>;

export type Instruments<D extends MetricDefinitions> = { readonly [K in keyof D]: Instrument<D[K]> };

export interface Metrics<D extends MetricDefinitions> {
  readonly instruments: Instruments<D>;
  /** Content type of `render`'s text. */
  readonly contentType: string;
  render(): Promise<string>;
}

/** One registry for the process, with the defined metrics and Node's own (`compute_process_*`, `compute_nodejs_*`). */
export function createMetrics<const D extends MetricDefinitions>(service: string, definitions: D): Metrics<D> {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry, prefix: 'compute_' });
  const entries = Object.entries(definitions).map(([key, definition]) => [key, createInstrument(definition, registry)]);
  return {
    instruments: Object.fromEntries(entries) as Instruments<D>,
    contentType: registry.contentType,
    render: () => registry.metrics(),
  };
}

function createInstrument(definition: MetricDefinition, registry: Registry) {
  const base = { name: definition.name, help: definition.help, labelNames: definition.labels, registers: [registry] };
  if (definition.type === 'counter') return new Counter(base);
  if (definition.type === 'gauge') return new Gauge(base);
  return new Histogram(definition.buckets === undefined ? base : { ...base, buckets: [...definition.buckets] });
}
