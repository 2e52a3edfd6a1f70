import { useEffect, useMemo, useState } from 'react';

import { get } from '../../api/client';
import { useSame } from '../../api/use-same';
import { FILTER_LABELS } from '../../core/filters';
import { useFrame } from '../../frame/frame-state';
import { useWindow } from '../../frame/use-queries';
import type { Dashboard } from '../model/dashboard';
import { builtins } from '../variables/builtins';
import { type Choices, type ResolvedVariable, resolveVariables, type VariableServer } from '../variables/resolve';
import { optionsMax } from '../variables/options';

/** The variables of a page: null until all were resolved for the first time, and what was chosen before while it changes. */
export interface PageVariables {
  readonly resolved: readonly ResolvedVariable[] | null;
  readonly resolving: boolean;
}

/** Resolves a dashboard's variables over the frame's range, anew when a choice, the range or the document changes. */
export function useVariables(dashboard: Dashboard, choices: Choices): PageVariables {
  const { filters, reloads } = useFrame();
  const { start, end } = useWindow();
  const variables = useSame(dashboard.spec.variables ?? []);
  const wanted = useSame(
    withFilters(
      variables.map((each) => each.spec.name),
      choices,
      filters,
    ),
  );
  const request = useMemo(() => ({ variables, wanted, start, end, reloads }), [variables, wanted, start, end, reloads]);
  const [known, setKnown] = useState<{ of: object; resolved: readonly ResolvedVariable[] } | null>(null);
  useEffect(() => {
    const aborter = new AbortController();
    const given = builtins({ from: request.start, to: request.end, step: 60, rateInterval: 300 });
    const asked = { spec: { variables: request.variables } } as Dashboard;
    resolveVariables(asked, request.wanted, given, variableServer(request.start, request.end), aborter.signal).then(
      (resolved) => {
        if (!aborter.signal.aborted) setKnown({ of: request, resolved });
      },
      () => undefined,
    );
    return () => aborter.abort();
  }, [request]);
  return { resolved: known?.resolved ?? null, resolving: known?.of !== request };
}

/** Variables that are called as one of the frame's filters have that filter's values: it is kept from page to page. */
function withFilters(names: readonly string[], choices: Choices, filters: Choices): Choices {
  const shared = names.filter((name) => isFilter(name) && (filters[name]?.length ?? 0) > 0);
  return { ...Object.fromEntries(shared.map((name) => [name, filters[name] ?? []])), ...choices };
}

export function isFilter(name: string): boolean {
  return FILTER_LABELS.some((label) => label === name);
}

function variableServer(start: number, end: number): VariableServer {
  const bounds = { start: Math.floor(start), end: Math.ceil(end), limit: optionsMax };
  return {
    labelValues: (label, matchers, signal) =>
      get<string[]>(`label/${encodeURIComponent(label)}/values`, { ...bounds, 'match[]': matchers }, signal),
    labelNames: (matchers, signal) => get<string[]>('labels', { ...bounds, 'match[]': matchers }, signal),
    instant: async (expr, signal) => {
      const { result } = await get<{ result: readonly { metric: Record<string, string>; value: [number, string] }[] }>(
        'query',
        { query: expr, time: Math.floor(end), limit: optionsMax },
        signal,
      );
      return result.map(({ metric, value }) => ({ labels: metric, value: value[1] }));
    },
  };
}
