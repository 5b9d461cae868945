/** The Prisma client, for what is rare: projects and API keys. Everything that is hot goes through pg. */
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../generated/client.ts';

const CONNECTIONS = 2;
const IDLE_MS = 10_000;

/** Connects when it is first used. */
export function openPrisma(databaseUrl: string, applicationName: string): PrismaClient {
  const adapter = new PrismaPg({
    connectionString: databaseUrl,
    application_name: applicationName,
    max: CONNECTIONS,
    idleTimeoutMillis: IDLE_MS,
  });
  return new PrismaClient({ adapter });
}
