/** Tenants: made by hand before anybody has a key. */
import { nameProblems, PROJECT_NAME_MAX_LENGTH, type ProjectRecord } from '@compute/domain';
import { type Command, WrongCall } from '../command.ts';
import { withStore } from '../store-call.ts';

export const createProject: Command = {
  usage: '<name> [--namespace <namespace>] [--cluster <id>]',
  about: 'Makes a project.',
  words: 1,
  options: {
    namespace: { takes: '<namespace>', about: 'its namespace in the cluster; without it project-<name>' },
    cluster: {
      takes: '<id>',
      about: 'the cluster that it is placed on, as CLUSTER_ID of its workers; without it default',
    },
  },
  run: async (call) => {
    const name = call.word(0);
    const namespace = call.text('namespace');
    const clusterId = call.text('cluster');
    const [problem] = nameProblems(name, PROJECT_NAME_MAX_LENGTH, '/name');
    if (problem) throw new WrongCall(`"${name}" is no name of a project. ${problem.message}`);
    const project = await withStore(call, (store) =>
      store.createProject(name, {
        ...(namespace === undefined ? {} : { namespace }),
        ...(clusterId === undefined ? {} : { clusterId }),
      }),
    );
    return { json: project, lines: [lineOf(project)] };
  },
};

export const listProjects: Command = {
  usage: '',
  about: 'Lists the projects.',
  words: 0,
  options: {},
  run: async (call) => {
    const projects: ProjectRecord[] = [];
    await withStore(call, async (store) => {
      let after: string | undefined;
      do {
        const page = await store.projects({ limit: 500, ...(after === undefined ? {} : { after }) });
        projects.push(...page.items);
        after = page.next;
      } while (after !== undefined);
    });
    return { json: { projects }, lines: projects.map(lineOf) };
  },
};

function lineOf({ name, namespace, clusterId, createdAt }: ProjectRecord): string {
  return `${name}  namespace ${namespace}  cluster ${clusterId}  since ${createdAt.toISOString()}`;
}
