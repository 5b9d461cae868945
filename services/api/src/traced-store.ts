/**
 * The store with a span around each write that a request asks for: from the request until its transaction is committed,
 * waiting for the batch included. What is written carries the span on, through the outbox to the worker.
 */
import { formatTraceparent, parseTraceparent, type Tracer } from '@compute/runtime';
import type { Store } from '@compute/store';

type Verbs = Pick<Store, 'create' | 'want' | 'requestDeletion' | 'apply'>;

interface Traced {
  readonly traceparent?: string;
}

/** The store itself when nothing is traced. */
export function tracedStore(store: Store, tracer: Tracer): Store {
  if (!tracer.isOn) return store;
  const verbs = tracedVerbs(store, tracer);
  return new Proxy(store, {
    get: (target, key) => {
      if (Object.hasOwn(verbs, key)) return verbs[key as keyof Verbs];
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function tracedVerbs(store: Store, tracer: Tracer): Verbs {
  const around = <C extends Traced, T>(name: string, command: C, write: (command: C) => Promise<T>): Promise<T> =>
    tracer.within(name, { kind: 'internal', parent: parseTraceparent(command.traceparent) }, ({ context }) =>
      write({ ...command, traceparent: formatTraceparent(context) }),
    );
  return {
    create: (command) => around('store create', command, (carrying) => store.create(carrying)),
    want: (command) => around('store want', command, (carrying) => store.want(carrying)),
    requestDeletion: (command) =>
      around('store requestDeletion', command, (carrying) => store.requestDeletion(carrying)),
    apply: (commands, options) => {
      const parent = parseTraceparent(commands.find(({ traceparent }) => traceparent !== undefined)?.traceparent);
      const attributes = { 'compute.commands': commands.length };
      return tracer.within('store apply', { kind: 'internal', parent, attributes }, ({ context }) => {
        const traceparent = formatTraceparent(context);
        return store.apply(
          commands.map((command) => ({ ...command, traceparent })),
          options,
        );
      });
    },
  };
}
