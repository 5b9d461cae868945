/** Where each project's objects live in the cluster. A project's namespace never changes, so one read each is enough. */
import { Fault, type ProjectRecord } from '@compute/domain';

export class ProjectNamespaces {
  readonly #read: (project: string) => Promise<ProjectRecord | undefined>;
  readonly #known = new Map<string, string>();

  constructor(read: (project: string) => Promise<ProjectRecord | undefined>) {
    this.#read = read;
  }

  /** Throws `Fault('Internal')` for a project that does not exist. */
  async of(project: string): Promise<string> {
    const known = this.#known.get(project);
    if (known !== undefined) return known;
    const record = await this.#read(project);
    if (!record) throw new Fault('Internal', `There is no project '${project}'.`);
    this.#known.set(project, record.namespace);
    return record.namespace;
  }
}
