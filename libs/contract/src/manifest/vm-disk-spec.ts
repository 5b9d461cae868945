/** The shape of a VMDisk's spec with the specification's defaults. Rules across fields live in the domain. */
import { z } from 'zod';

export const vmDiskSpecSchema = z.strictObject({
  source: z
    .strictObject({
      http: z
        .strictObject({
          url: z.string().meta({ description: 'http or https; not inside a private network.' }),
          checksum: z.string().max(140).optional().meta({ description: 'md5|sha1|sha256|sha512:<hex> of the file.' }),
        })
        .optional(),
      image: z
        .strictObject({ name: z.string().min(1).max(63) })
        .optional()
        .meta({ description: 'An image of the catalogue, see /v1/images.' }),
      disk: z
        .strictObject({ name: z.string().min(1).max(63) })
        .optional()
        .meta({ description: 'A clone of a disk of the same project.' }),
    })
    .default(() => ({}))
    .meta({ description: 'Where the content comes from; {} makes an empty disk. Cannot change.' }),
  optical: z.boolean().default(false).meta({ description: 'An ISO, attached as a CD-ROM. Cannot change.' }),
  storage: z
    .string()
    .max(64)
    .meta({ description: 'Size as a Kubernetes quantity; can only grow.', examples: ['20Gi'] }),
  storageClass: z
    .string()
    .max(63)
    .default('replicated')
    .meta({ description: 'See /v1/storage-classes. Cannot change.' }),
});
