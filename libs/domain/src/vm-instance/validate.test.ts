import { describe, expect, it } from 'vitest';
import { builtinCatalogue } from '../catalogue/catalogue.ts';
import { validateVmChange, validateVmSpec } from './validate.ts';
import type { VmInstanceSpec } from './vm-instance.ts';

const spec = (change: Partial<VmInstanceSpec> = {}): VmInstanceSpec => ({
  external: false,
  externalMethod: 'PortList',
  externalPorts: [],
  instanceType: 'u1.medium',
  instanceProfile: 'ubuntu',
  disks: ['system'],
  sshKeys: [],
  cloudInit: '',
  cloudInitSeed: '',
  ...change,
});

const check = (change: Partial<VmInstanceSpec>) => {
  const { problems, warnings } = validateVmSpec(spec(change), builtinCatalogue);
  return {
    problems: problems.map((p) => `${p.pointer} ${p.code}`),
    warnings: warnings.map((w) => `${w.pointer} ${w.code}`),
  };
};

describe('a VMInstance spec', () => {
  it.each<[string, Partial<VmInstanceSpec>, string[]]>([
    ['is fine as it is', {}, []],
    ['contradicts itself about power', { running: true, runStrategy: 'Halted' }, ['/spec/runStrategy contradiction']],
    ['may say the same twice about power', { running: false, runStrategy: 'Halted' }, []],
    ['exposes nothing', { external: true }, ['/spec/externalPorts required']],
    [
      'lists a port twice and one out of range',
      { external: true, externalPorts: [22, 22, 70_000] },
      ['/spec/externalPorts/1 duplicate', '/spec/externalPorts/2 out_of_range'],
    ],
    [
      'has neither type nor resources',
      { instanceType: '', resources: { cpu: '', memory: '' } },
      ['/spec/instanceType required'],
    ],
    ['has both type and resources', { resources: { cpu: '2', memory: '4Gi' } }, ['/spec/resources contradiction']],
    ['has resources alone', { instanceType: '', resources: { cpu: '2', memory: '4Gi' } }, []],
    [
      'names an unknown type and profile',
      { instanceType: 'x9.huge', instanceProfile: 'beos' },
      ['/spec/instanceProfile unknown_profile', '/spec/instanceType unknown_instance_type'],
    ],
    [
      'is too small for its profile',
      { instanceType: '', resources: { cpu: '1', memory: '1Gi' } },
      ['/spec/instanceProfile insufficient_memory'],
    ],
    [
      'names a disk twice and one badly',
      { disks: ['a', { name: 'a' }, 'Bad_Name'] },
      ['/spec/disks/1/name duplicate', '/spec/disks/2 invalid_name'],
    ],
    ['has a line that is no key', { sshKeys: ['hello world'] }, ['/spec/sshKeys/0 invalid_ssh_key']],
  ])('%s', (_, change, problems) => {
    expect(check(change).problems).toEqual(problems);
  });

  it('warns of what is accepted but surprising', () => {
    expect(check({ external: true, externalMethod: 'WholeIP' }).warnings).toEqual([
      '/spec/externalMethod whole_ip_exposed',
    ]);
    expect(check({ externalPorts: [22] }).warnings).toEqual(['/spec/externalPorts not_exposed']);
    expect(check({ instanceProfile: 'centos.7' }).warnings).toEqual(['/spec/instanceProfile deprecated_profile']);
    expect(check({ sshKeys: ['ssh-rsa AAAAB3Nza...'] })).toEqual({
      problems: [],
      warnings: ['/spec/sshKeys/0 undecodable_ssh_key'],
    });
  });

  it('names both numbers when a profile does not fit', () => {
    const [problem] = validateVmSpec(
      spec({ instanceType: '', resources: { cpu: '1', memory: '1Gi' } }),
      builtinCatalogue,
    ).problems;
    expect(problem?.message).toContain('2 GiB');
    expect(problem?.message).toContain('1 GiB');
  });

  it('accepts a whole key without a word', () => {
    const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ8fDJxJyK5pVqz0gkQ0m0q3m5o3JmF0Ck0kq2XQy6lT someone@example';
    expect(check({ sshKeys: [key] })).toEqual({ problems: [], warnings: [] });
  });

  it('says when cloud-init will run again', () => {
    expect(validateVmChange(spec(), spec({ cloudInitSeed: 'two' })).warnings[0]?.code).toBe('cloud_init_runs_again');
    expect(validateVmChange(spec(), spec({ cloudInit: '#cloud-config' })).warnings[0]?.code).toBe(
      'cloud_init_not_rerun',
    );
  });
});
