/** A server in a process of its own, for tests that kill it. The folder is the first argument. */
import { clusterKinds } from '../kinds/cluster-kinds.ts';
import { startKubeServer } from '../start-kube-server.ts';

const server = await startKubeServer({ kinds: clusterKinds, persistDir: process.argv[2] ?? '' });
process.on('message', () => {
  void server.flush().then(() => process.send?.('flushed'));
});
process.send?.({ url: server.url });
