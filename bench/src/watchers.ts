/** A process of many readers of one stream each. Tells how many have begun, and how often a change went by in all of them. */
import { connect } from 'node:net';

const MARK = 'event: MODIFIED';
const TELL_EVERY_MS = 2;

const { PORT = '', REQUEST = '', WATCHERS = '1', BEGUN = '' } = process.env;
let begun = 0;
let seen = 0;
let told = '';

function read(): void {
  let isBegun = false;
  const begin = (): void => {
    isBegun = true;
    begun += 1;
  };
  const socket = connect(Number(PORT), '127.0.0.1', () => {
    socket.write(REQUEST);
    if (BEGUN === '') begin();
  });
  let rest = '';
  socket.setEncoding('latin1').on('data', (part: string) => {
    const text = rest + part;
    if (!isBegun && text.includes(BEGUN)) begin();
    let from = 0;
    for (let at = text.indexOf(MARK); at >= 0; at = text.indexOf(MARK, from)) {
      seen += 1;
      from = at + MARK.length;
    }
    rest = text.slice(Math.max(from, text.length - MARK.length + 1));
  });
  socket.on('error', (error) => process.stderr.write(`${error.message}\n`));
}

for (let watcher = 0; watcher < Number(WATCHERS); watcher += 1) read();
setInterval(() => {
  const news = `${begun} ${seen}`;
  if (news === told) return;
  told = news;
  process.send?.([begun, seen]);
}, TELL_EVERY_MS);
process.on('disconnect', () => process.exit());
process.send?.([0, 0]);
