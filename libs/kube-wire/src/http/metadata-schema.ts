/** The schema of ObjectMeta, for `kubectl explain` and client-side checks. */
import type { Schema } from '../protocol/schema.ts';
import { fields, flag, integer, keyedList, list, mapOf, open, text, time } from '../protocol/schema.ts';

const ownerReference = fields(
  {
    apiVersion: text('API version of the referent.'),
    kind: text('Kind of the referent.'),
    name: text('Name of the referent.'),
    uid: text('UID of the referent.'),
    controller: flag('If true, this reference points to the managing controller.'),
    blockOwnerDeletion: flag(
      'If true, the owner stays until this object is gone when it is deleted in the foreground.',
    ),
  },
  ['apiVersion', 'kind', 'name', 'uid'],
);

export const metadataSchema: Schema = fields(
  {
    name: text('Name must be unique within a namespace.'),
    generateName: text('Prefix from which the server makes a unique name when name is absent.'),
    namespace: text('Namespace defines the space within which each name must be unique.'),
    uid: text('Unique in time and space; set by the server.'),
    resourceVersion: text('Opaque value that changes with every write of the object.'),
    generation: integer('Sequence number of the desired state.', { format: 'int64' }),
    creationTimestamp: time('When the object was created.'),
    deletionTimestamp: time('When the object was or will be deleted.'),
    deletionGracePeriodSeconds: integer('Seconds the object may take to end gracefully.', { format: 'int64' }),
    labels: mapOf(text(), 'Keys and values to select objects by.'),
    annotations: mapOf(text(), 'Keys and values for tools; not selectable.'),
    finalizers: list(text(), 'Must be empty before the object is removed.'),
    ownerReferences: keyedList(['uid'], ownerReference, 'Objects this object depends on.'),
    managedFields: list(open(), 'Which manager owns which fields.'),
  },
  [],
  'Metadata that all persisted resources have.',
);
