import { expect, it } from 'vitest';
import { NOTHING, parseRecording, printRecording, type Recording, record } from './recording.ts';

it('keeps each different sequence of a fact once, and when it was not there', () => {
  const recording: Recording = {};
  record(recording, 'a story', { 'VirtualMachine v': { phase: ['-', 'Running'] } });
  record(recording, 'a story', { 'VirtualMachine v': { phase: ['-', 'Running'], ready: ['true'] } });
  record(recording, 'a story', { 'VirtualMachine v': { phase: ['-', 'Starting', 'Running'] } });
  record(recording, 'another', { 'Pod p': {} });
  expect(recording['a story']).toEqual({
    'VirtualMachine v': { phase: ['- → Running', '- → Starting → Running'], ready: [NOTHING, 'true'] },
  });
});

it('notes of an object that a later telling is without that it was not there', () => {
  const recording: Recording = {};
  record(recording, 'a story', { 'Pod p': { phase: ['Running'] } });
  record(recording, 'a story', {});
  expect(recording['a story']?.['Pod p']?.phase).toEqual(['Running', NOTHING]);
});

it('reads back what it prints, in an order of its own', () => {
  const recording: Recording = {
    'the second': { 'Pod p': { phase: ['Running'] } },
    'the first': {
      'Events of Pod p': { 'Normal Told: with words → and an arrow': ['told'] },
      'Pod p': { life: ['x'] },
    },
  };
  const text = printRecording(recording);
  expect(parseRecording(text)).toEqual(recording);
  expect(text.indexOf('the first')).toBeLessThan(text.indexOf('the second'));
  expect(printRecording(parseRecording(text))).toBe(text);
});
