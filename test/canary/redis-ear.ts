/** Hears every command that anybody sends to a Redis, and what it holds at the end: keys, hashes, lists, streams. */
import { connect, type Socket } from 'node:net';

const DUMP = `local out = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  local type = redis.call('TYPE', key).ok
  local value = ({
    string = function() return redis.call('GET', key) end,
    hash = function() return redis.call('HGETALL', key) end,
    list = function() return redis.call('LRANGE', key, 0, -1) end,
    set = function() return redis.call('SMEMBERS', key) end,
    zset = function() return redis.call('ZRANGE', key, 0, -1, 'WITHSCORES') end,
    stream = function() return redis.call('XRANGE', key, '-', '+') end,
  })[type]()
  table.insert(out, key .. ' ' .. cjson.encode(value))
end
return table.concat(out, '\\n')`;

export interface RedisEar {
  /** Every command until now, as Redis tells of it. */
  heard(): string;
  /** Everything that is stored now. */
  stored(): Promise<string>;
  close(): void;
}

export async function listenToRedis(url: string): Promise<RedisEar> {
  let heard = '';
  const socket = open(url);
  socket.on('data', (chunk) => {
    heard += chunk.toString();
  });
  socket.write('MONITOR\r\n');
  await new Promise((resolve) => socket.once('data', resolve));
  return {
    heard: () => heard,
    stored: () => answerOf(url, ['EVAL', DUMP, '0']),
    close: () => void socket.destroy(),
  };
}

function open(url: string): Socket {
  const { hostname, port, password } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(`AUTH ${decodeURIComponent(password)}\r\n`);
  return socket;
}

/** The raw reply to one command. */
async function answerOf(url: string, words: readonly string[]): Promise<string> {
  const socket = open(url);
  const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
  socket.end(`*${words.length}\r\n${parts.join('')}QUIT\r\n`);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}
