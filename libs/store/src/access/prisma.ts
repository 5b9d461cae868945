/** The Prisma client, for what is rare: projects and API keys. Everything that is hot goes through pg. */
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '../generated/client.ts';
import { throwColdFault } from './prisma-errors.ts';

const CONNECTIONS = 2;
const IDLE_MS = 10_000;

/** The client with errors of the database translated to faults. */
export type ColdClient = ReturnType<typeof openPrisma>;

/** Connects when it is first used. */
export function openPrisma(databaseUrl: string, applicationName: string) {
  const adapter = new PrismaPg({
    connectionString: databaseUrl,
    application_name: applicationName,
    max: CONNECTIONS,
    idleTimeoutMillis: IDLE_MS,
  });
  return new PrismaClient({ adapter }).$extends({
    query: { $allOperations: ({ args, query }) => query(args).catch(throwColdFault) },
  });
}
