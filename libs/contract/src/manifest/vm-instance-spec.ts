/** The shape of a VMInstance's spec with the specification's defaults. Rules across fields live in the domain. */
import { DISK_BUSES, EXTERNAL_METHODS, RUN_STRATEGIES } from '@compute/domain';
import { z } from 'zod';

const diskEntry = z
  .union([
    z.string(),
    z.strictObject({
      name: z.string().meta({ description: 'Name of a VMDisk of the same project.' }),
      bus: z.enum(DISK_BUSES).optional().meta({ description: 'Bus that the disk is attached to.' }),
    }),
  ])
  .meta({ description: 'The name of a VMDisk, or its name with a bus.' });

const quantity = (description: string) =>
  z
    .union([z.string().max(64), z.number().nonnegative()])
    .optional()
    .meta({ description, examples: [''] });

export const vmInstanceSpecSchema = z.strictObject({
  external: z.boolean().default(false).meta({ description: 'Enables access from outside the cluster.' }),
  externalMethod: z.enum(EXTERNAL_METHODS).default('PortList').meta({
    description: 'PortList exposes only externalPorts. WholeIP exposes every port: nothing filters.',
  }),
  externalPorts: z
    .array(z.int().min(1).max(65_535))
    .max(100)
    .default(() => [])
    .meta({ description: 'TCP ports to expose, each once.', examples: [[22, 80, 443]] }),
  running: z.boolean().optional().meta({
    description: 'Desired running state; true unless runStrategy is given. Must not contradict runStrategy.',
  }),
  runStrategy: z.enum(RUN_STRATEGIES).optional().meta({ description: 'When the machine is (re)started.' }),
  instanceType: z
    .string()
    .max(63)
    .optional()
    .meta({
      description:
        'CPU and memory, see /v1/instance-types. Required unless resources.cpu and resources.memory are set.',
      examples: ['u1.2xlarge'],
    }),
  instanceProfile: z
    .string()
    .min(1)
    .max(63)
    .meta({
      description: 'Operating system profile, see /v1/instance-profiles.',
      examples: ['ubuntu'],
    }),
  disks: z
    .array(diskEntry)
    .max(32)
    .default(() => [])
    .meta({ description: 'Disks in boot order. A disk may be created later: the machine waits for it.' }),
  sshKeys: z
    .array(z.string().max(16_384))
    .max(100)
    .default(() => [])
    .meta({ description: 'Public keys in OpenSSH form.' }),
  cloudInit: z.string().default('').meta({ description: 'cloud-config document; its first line is #cloud-config.' }),
  cloudInitSeed: z.string().max(253).default('').meta({
    description: "Changing it changes the machine's SMBIOS UUID: cloud-init runs again at the next boot.",
  }),
  resources: z
    .strictObject({
      cpu: quantity('Cores. Empty counts as not given.'),
      memory: quantity('Memory, such as 8Gi. Empty counts as not given.'),
      sockets: quantity('Sockets of that many cores each. Empty counts as not given.'),
    })
    .optional()
    .meta({ description: 'A size of its own, instead of an instanceType.' }),
});
