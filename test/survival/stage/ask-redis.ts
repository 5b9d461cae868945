/** Says commands to a Redis or a Sentinel as they are typed, without a client. */
import { once } from 'node:events';
import { connect } from 'node:net';

/** Resolves with all that was answered, errors too, as it came. */
export async function askRedis(redisUrl: string, ...commands: string[]): Promise<string> {
  const { hostname, port, password } = new URL(redisUrl);
  const login = password === '' ? [] : [`AUTH ${decodeURIComponent(password)}`];
  const socket = connect(Number(port), hostname);
  let answers = '';
  socket.setEncoding('utf8').on('data', (text) => (answers += text));
  socket.end([...login, ...commands, 'QUIT', ''].join('\r\n'));
  await once(socket, 'close');
  return answers;
}
