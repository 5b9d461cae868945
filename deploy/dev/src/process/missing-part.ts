/** Something that the machine lacks and that cannot be installed: one sentence with the remedy, shown without a stack. */
export class MissingPart extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'MissingPart';
  }
}
