/** JSON as one whole line: what is printed after an answer in a terminal begins on a line of its own. */
export const jsonLine = (value: unknown): string => `${JSON.stringify(value)}\n`;
