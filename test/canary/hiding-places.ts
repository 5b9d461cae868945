/** A word in every shape in which it could lie somewhere unseen: as it is, escaped, in hexadecimal, in base64. */

/** The shapes in which any of the words is found in a text, as `word (shape)`; empty when none is. */
export function foundIn(text: string, words: Readonly<Record<string, string>>): string[] {
  return Object.entries(words).flatMap(([name, word]) =>
    Object.entries(shapesOf(word)).flatMap(([shape, form]) => (text.includes(form) ? [`${name} (${shape})`] : [])),
  );
}

function shapesOf(word: string): Record<string, string> {
  const bytes = Buffer.from(word);
  return {
    'as it is': word,
    reversed: [...word].reverse().join(''),
    hexadecimal: bytes.toString('hex'),
    ...Object.fromEntries([0, 1, 2].map((offset) => [`base64 at ${offset}`, base64At(bytes, offset)])),
  };
}

/** Base64 of a text that begins somewhere inside another: the characters that do not depend on its neighbours. */
function base64At(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
  const begin = offset === 0 ? 0 : 4;
  const end = text.length - (((bytes.length + offset) % 3 === 0 ? 0 : 4) as number);
  return text.slice(begin, end);
}
