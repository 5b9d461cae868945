/** A process that writes the same bytes to each of its connections as often as its parent says, and nothing else. */
import { createServer, type Socket } from 'node:net';

const { FRAME = '' } = process.env;
const frame = Buffer.from(FRAME);
const sockets = new Set<Socket>();

const server = createServer({ noDelay: true }, (socket) => {
  sockets.add(socket);
  socket.on('data', () => undefined).on('error', () => undefined);
  socket.on('close', () => sockets.delete(socket));
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as { port: number }).port));

function broadcast(times: number): void {
  for (const socket of sockets) socket.write(frame);
  if (times > 1) setImmediate(() => broadcast(times - 1));
}

process.on('message', (message: number | 'count') => {
  if (message === 'count') process.send?.(sockets.size);
  else broadcast(message);
});
process.on('disconnect', () => process.exit());
