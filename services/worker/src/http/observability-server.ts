/** The worker's Nest application: its only face is /healthz, /readyz and /metrics. */
import 'reflect-metadata';
import { frameworkLogger, HealthRegistry, type Logger } from '@compute/runtime';
import { type DynamicModule, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { METRICS_PAGE, type MetricsPage, ObservabilityController } from './observability.controller.ts';

export interface ObservabilityServerOptions {
  readonly host: string;
  readonly port: number;
  readonly health: HealthRegistry;
  readonly metrics: MetricsPage;
  readonly logger: Logger;
}

export interface ObservabilityServer {
  readonly url: string;
  close(): Promise<void>;
}

@Module({})
class ObservabilityModule {
  static of({ health, metrics }: ObservabilityServerOptions): DynamicModule {
    return {
      module: ObservabilityModule,
      controllers: [ObservabilityController],
      providers: [
        { provide: HealthRegistry, useValue: health },
        { provide: METRICS_PAGE, useValue: metrics },
      ],
    };
  }
}

/** Listens once it resolves. */
export async function startObservabilityServer(options: ObservabilityServerOptions): Promise<ObservabilityServer> {
  const app = await NestFactory.create<NestFastifyApplication>(
    ObservabilityModule.of(options),
    new FastifyAdapter({ forceCloseConnections: true }),
    { logger: frameworkLogger(options.logger), abortOnError: false },
  );
  await app.listen(options.port, options.host);
  return { url: await app.getUrl(), close: () => app.close() };
}
