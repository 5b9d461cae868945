import { describe, expect, it } from 'vitest';
import { matchesPattern, PlayerSwitches } from './switches.ts';

describe('a rule', () => {
  it('matches names with stars, and nothing else is special in it', () => {
    expect(matchesPattern('vm-*', 'vm-1')).toBe(true);
    expect(matchesPattern('*-disk', 'a-disk')).toBe(true);
    expect(matchesPattern('a.b', 'axb')).toBe(false);
    expect(matchesPattern('vm', 'vm-1')).toBe(false);
    expect(matchesPattern('*', '')).toBe(true);
  });

  it('meets a thing by any of its names, in its namespace', () => {
    const switches = new PlayerSwitches();
    const rules = [{ namespace: 'team-*', name: 'data' }];
    expect(switches.find(rules, { namespace: 'team-a', names: ['prime-1', 'data'] })).toBe(rules[0]);
    expect(switches.find(rules, { namespace: 'other', names: ['data'] })).toBeUndefined();
    expect(switches.find([{}], { namespace: 'x', names: [] })).toEqual({});
  });
});

describe('switches', () => {
  it('change what is named, keep the rest, and tell those who listen', () => {
    const switches = new PlayerSwitches();
    let told = 0;
    const unsubscribe = switches.onChange(() => {
      told += 1;
    });
    switches.update({ lostNodes: ['node1'] });
    switches.update({ downloadBytesPerSecond: 5 });
    expect(switches.isNodeLost('node1')).toBe(true);
    expect(switches.state.downloadBytesPerSecond).toBe(5);
    unsubscribe();
    switches.reset();
    expect(switches.isNodeLost('node1')).toBe(false);
    expect(switches.state.downloadBytesPerSecond).toBeUndefined();
    expect(told).toBe(2);
  });
});
