import { expect, it } from 'vitest';
import { OTHER_PROJECTS, withLargestProjects } from './project-figures.ts';

const row = (project: string, count: number, phase = 'Running', stuck = 0) =>
  ({ project, kind: 'VMInstance', phase, count, stuck }) as const;

it('names the largest projects and adds up the rest, so that nothing is lost', () => {
  const counts = [row('a', 1), row('b', 5), row('c', 2, 'Stopped'), row('d', 2), row('e', 1, 'Running', 1)];
  const merged = withLargestProjects(counts, 2);
  expect(merged).toEqual([
    { ...row('e', 2, 'Running', 1), project: OTHER_PROJECTS, count: 4 },
    row('b', 5),
    row('c', 2, 'Stopped'),
  ]);
});

it('bounds the number of projects, whatever there are', () => {
  const counts = Array.from({ length: 1_000 }, (_, index) => row(`p${index}`, 1 + (index % 7)));
  const merged = withLargestProjects(counts, 20);
  expect(new Set(merged.map(({ project }) => project)).size).toBe(21);
  expect(merged.reduce((sum, { count }) => sum + count, 0)).toBe(counts.reduce((sum, { count }) => sum + count, 0));
  expect(new Set(withLargestProjects(counts, 0).map(({ project }) => project))).toEqual(new Set([OTHER_PROJECTS]));
});

it('chooses the same among equals each time', () => {
  const counts = [row('b', 1), row('a', 1), row('c', 1)];
  const named = (given: typeof counts) =>
    withLargestProjects(given, 1).filter(({ project }) => project !== OTHER_PROJECTS);
  expect(named(counts)).toEqual(named(counts.toReversed()));
  expect(named(counts).map(({ project }) => project)).toEqual(['a']);
});
