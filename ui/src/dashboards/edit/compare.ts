import type { Dashboard } from '../model/dashboard';

/** How a document differs from another, in words: for who has to choose between two people's edits. */
export function differences(from: Dashboard, to: Dashboard): readonly string[] {
  return [
    ...(same(from.spec.display, to.spec.display) ? [] : ['title or description changed']),
    ...named('panel', titled(from), titled(to)),
    ...named('variable', variables(from), variables(to)),
    ...(same(from.spec.layouts, to.spec.layouts) ? [] : ['layout changed']),
    ...(same(rest(from), rest(to)) ? [] : ['settings changed']),
  ];
}

function titled(dashboard: Dashboard): ReadonlyMap<string, readonly [string, unknown]> {
  return new Map(
    Object.entries(dashboard.spec.panels).map(([key, panel]) => [key, [panel.spec.display?.name || key, panel]]),
  );
}

function variables(dashboard: Dashboard): ReadonlyMap<string, readonly [string, unknown]> {
  return new Map(
    (dashboard.spec.variables ?? []).map((variable) => [variable.spec.name, [variable.spec.name, variable]]),
  );
}

type Named = ReadonlyMap<string, readonly [name: string, value: unknown]>;

function named(what: string, from: Named, to: Named): readonly string[] {
  const gone = [...from].filter(([key]) => !to.has(key)).map(([, [name]]) => `${what} "${name}" removed`);
  const other = [...to].flatMap(([key, [name, value]]) => {
    const before = from.get(key);
    if (!before) return [`${what} "${name}" added`];
    return same(before[1], value) ? [] : [`${what} "${name}" changed`];
  });
  return [...gone, ...other];
}

function rest(dashboard: Dashboard): unknown {
  const { display: _display, panels: _panels, variables: _variables, layouts: _layouts, ...spec } = dashboard.spec;
  const { tags, project } = dashboard.metadata;
  return { spec, tags, project };
}

function same(a: unknown, b: unknown): boolean {
  return a === b || sorted(a) === sorted(b);
}

/** JSON with members in one order, as servers may write them in another. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}
