/** A process with Fastify alone: one route that checks a machine's manifest as the product does, and answers with it. */
import { randomUUID } from 'node:crypto';
import { checkManifestOf } from '@compute/contract';
import { builtinCatalogue } from '@compute/domain';
import { fastify } from 'fastify';

const settings = { catalogue: builtinCatalogue, allowPrivateSources: false };
const app = fastify();
app.post('/v1/projects/:project/vm-instances', async (request, reply) => {
  const { project } = request.params as { project: string };
  const checked = checkManifestOf('VMInstance', request.body, { project, kind: 'VMInstance' }, settings);
  if (!checked.ok) return reply.status(400).send(checked.problems);
  reply.status(201);
  return { ...checked.value, metadata: { uid: randomUUID(), creationTimestamp: new Date() } };
});
const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.send?.(url);
process.on('disconnect', () => process.exit());
