/** The tracer of a process, as its settings say. OpenTelemetry is not even loaded where nothing is exported. */
import { noTracer, type Tracer } from './tracer.ts';

export interface TracerSettings {
  /** `OTEL_EXPORTER_OTLP_ENDPOINT`; absent: nothing is exported. */
  readonly tracesEndpoint: string | undefined;
  readonly tracesRatio: number;
}

export async function openTracer(service: string, { tracesEndpoint, tracesRatio }: TracerSettings): Promise<Tracer> {
  if (tracesEndpoint === undefined) return noTracer;
  const { otlpTracer } = await import('./otlp-tracer.ts');
  return otlpTracer({ service, endpoint: tracesEndpoint, ratio: tracesRatio });
}
