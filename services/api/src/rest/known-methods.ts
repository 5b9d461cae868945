/** Which methods each address has. Asked only about requests that found no route, so it may compare with all of them. */
export class KnownMethods {
  readonly #routes = new Map<string, Set<string>>();

  /** Takes a route of the framework: `/v1/projects/:project`. */
  learn(route: string, method: string | readonly string[]): void {
    const methods = this.#routes.get(route) ?? new Set();
    for (const each of [method].flat()) methods.add(each);
    this.#routes.set(route, methods);
  }

  /** Sorted; empty for an address that does not exist. */
  of(path: string): string[] {
    const parts = path.split('/');
    const found = [...this.#routes].filter(([route]) => isRouteOf(route.split('/'), parts));
    return [...new Set(found.flatMap(([, methods]) => [...methods]))].sort();
  }
}

function isRouteOf(route: readonly string[], parts: readonly string[]): boolean {
  if (route.length !== parts.length || isAction(route) !== hasVerb(parts)) return false;
  return route.every((part, at) => (part.startsWith(':') ? parts[at] !== '' : part === parts[at]));
}

/** Actions (`…/web:start`) are routes of their own whose last parameter is `:target`. */
const isAction = (route: readonly string[]): boolean => route.at(-1) === ':target';

const hasVerb = (parts: readonly string[]): boolean => parts.at(-1)?.includes(':') ?? false;
