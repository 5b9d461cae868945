/**
 * What the real controllers told, as a text that people read: for each story, object and fact the sequences that were seen.
 * Several for one fact are what several runs showed. Pure.
 */
import type { Trace } from './trace.ts';

/** Story to object to fact to the sequences that were seen, each joined. */
export type Recording = Record<string, Record<string, Record<string, string[]>>>;

const ARROW = ' → ';
/** What an object or a fact tells in a run that is without it. */
export const NOTHING = '(not there)';
const PREFIX = { story: '## ', object: '', fact: '  ', sequence: '    ' };

/** A sequence as one text, for comparing and for reading. */
export function joined(sequence: readonly string[]): string {
  return sequence.join(ARROW);
}

export function splitSequence(text: string): string[] {
  return text === '' ? [] : text.split(ARROW);
}

/** Adds what a run of a story showed. */
export function record(recording: Recording, story: string, trace: Trace): void {
  const isFirst = recording[story] === undefined;
  recording[story] ??= {};
  const objects = recording[story];
  for (const object of new Set([...Object.keys(objects), ...Object.keys(trace)])) {
    objects[object] ??= {};
    const facts = objects[object];
    for (const fact of new Set([...Object.keys(facts), ...Object.keys(trace[object] ?? {})])) {
      const sequence = trace[object]?.[fact];
      const seen = facts[fact] ?? (isFirst ? [] : [NOTHING]);
      facts[fact] = [...new Set([...seen, sequence === undefined ? NOTHING : joined(sequence)])];
    }
  }
}

export function printRecording(recording: Recording): string {
  const lines: string[] = [];
  for (const [story, objects] of sorted(recording)) {
    lines.push('', `${PREFIX.story}${story}`);
    for (const [object, facts] of sorted(objects)) {
      lines.push(object);
      for (const [fact, sequences] of sorted(facts)) {
        lines.push(`${PREFIX.fact}${fact}`, ...[...sequences].sort().map((text) => `${PREFIX.sequence}${text}`));
      }
    }
  }
  return `${lines.join('\n').trimStart()}\n`;
}

export function parseRecording(text: string): Recording {
  const recording: Recording = {};
  let [story, object, fact] = ['', '', ''];
  for (const line of text.split('\n').filter((each) => each !== '')) {
    if (line.startsWith(PREFIX.story)) story = line.slice(PREFIX.story.length);
    else if (line.startsWith(PREFIX.sequence))
      place(recording, story, object, fact).push(line.slice(PREFIX.sequence.length));
    else if (line.startsWith(PREFIX.fact)) fact = line.slice(PREFIX.fact.length);
    else object = line;
  }
  return recording;
}

function place(recording: Recording, story: string, object: string, fact: string): string[] {
  recording[story] ??= {};
  recording[story][object] ??= {};
  recording[story][object][fact] ??= [];
  return recording[story][object][fact];
}

const sorted = <T>(table: Record<string, T>): [string, T][] =>
  Object.entries(table).sort(([left], [right]) => (left < right ? -1 : 1));
