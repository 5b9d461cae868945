/** What a template's interfaces and networks must satisfy. */
import type { VmiSpec } from '../objects.ts';
import type { Cause } from './cause.ts';
import { invalid } from './cause.ts';

const MAC = /^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i;

/** Every refusal of the interfaces and networks of a template. */
export function networkCauses(path: string, spec: VmiSpec): Cause[] {
  const interfaces = spec.domain.devices?.interfaces ?? [];
  const networks = spec.networks ?? [];
  const at = `${path}.domain.devices.interfaces`;
  const unmatched = interfaces.flatMap((nic, index) =>
    networks.some(({ name }) => name === nic.name)
      ? []
      : [invalid(`${at}[${index}].name`, `${at}[${index}].name '${nic.name}' not found.`)],
  );
  const repeated = interfaces.flatMap((nic, index) => {
    const earlier = interfaces.slice(0, index).some(({ name }) => name === nic.name);
    return earlier
      ? [invalid(`${at}[${index}].name`, 'Only one interface can be connected to one specific network')]
      : [];
  });
  const macs = interfaces.flatMap((nic, index) =>
    nic.macAddress === undefined || MAC.test(nic.macAddress)
      ? []
      : [
          invalid(
            `${at}[${index}].macAddress`,
            `interface ${at}[${index}].name has malformed MAC address (${nic.macAddress}).`,
          ),
        ],
  );
  const orphans = networks.flatMap((network, index) =>
    interfaces.some(({ name }) => name === network.name)
      ? []
      : [
          {
            type: 'FieldValueRequired' as const,
            field: `${path}.networks[${index}].name`,
            message: `${path}.networks[${index}].name '${network.name}' not found.`,
          },
        ],
  );
  return [...unmatched, ...repeated, ...macs, ...orphans];
}
