/** The chapters of the description, in the order in which it shows them. */
export const TAGS = [
  ['manifests', 'Apply the files that you have: many documents in one request, in any order.'],
  ['vm-instances', 'Virtual machines.'],
  ['vm-disks', 'Virtual disks and the import of their images.'],
  ['watch', 'Changes as they happen.'],
  ['history', 'What happened to resources, also to those that are gone.'],
  ['operations', 'Whether what was asked for is done.'],
  ['quota', 'Limits of a project and what is used of them.'],
  ['usage', 'What is to be billed.'],
  ['catalogue', 'What can be chosen.'],
  ['access', 'Projects, API keys, and who changed what.'],
  ['webhooks', 'Subscribers that are told of events.'],
  ['service', 'The service itself.'],
] as const;
