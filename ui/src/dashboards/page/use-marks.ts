import { useMemo } from 'react';

import { useGet } from '../../api/use-get';
import { useRange } from '../../api/use-range';
import type { components } from '../../api/types.gen';
import type { QueryState } from '../../core/frame';
import { formatLegend } from '../../core/legend';
import type { Mark } from '../../core/marks';
import { useWindow } from '../../frame/use-queries';
import type { AnnotationSource, Dashboard } from '../model/dashboard';
import { textOf } from '../model/json';
import { builtins } from '../variables/builtins';
import { interpolate, type VariableValues } from '../variables/interpolate';
import { parseDuration } from '../../core/durations';

type Annotation = components['schemas']['Annotation'];

/** Marks on one page at most: more hide what they are to explain. */
const marksMax = 200;
const everySeconds = 30;

/** The marks of the dashboard's annotations: the platform's (deploys, incidents, notes) unless it says no, and those of its queries. */
export function useMarks(dashboard: Dashboard, values: VariableValues | null, shown: boolean): readonly Mark[] {
  const window = useWindow();
  const sources = useMemo(() => dashboard.spec.annotations ?? [], [dashboard.spec.annotations]);
  const platform =
    shown && !sources.some((source) => source.plugin.kind === 'TickscopeAnnotations' && source.display?.hidden);
  const kept = useGet<readonly Annotation[]>(
    platform ? 'annotations' : null,
    { start: Math.floor(window.start), limit: marksMax },
    everySeconds,
  );
  const queries = useMemo(
    () => (shown && values ? promSources(sources, values, window) : []),
    [shown, values, sources, window],
  );
  const states = useRange(queries.map(({ source: _source, ...query }) => query));
  return useMemo(() => {
    const own = (platform ? (kept.data ?? []) : []).map(platformMark);
    const asked = queries.flatMap(({ id, source }) => promMarks(id, source, states.get(id)));
    return [...own, ...asked].slice(0, marksMax);
  }, [platform, kept.data, queries, states]);
}

function platformMark({ id, time, timeEnd, kind, title, text }: Annotation): Mark {
  return {
    id,
    time: time / 1000,
    ...(timeEnd === undefined || timeEnd === null ? {} : { timeEnd: timeEnd / 1000 }),
    kind,
    title,
    ...(text ? { text } : {}),
  };
}

function promSources(
  sources: readonly AnnotationSource[],
  values: VariableValues,
  window: { start: number; end: number },
) {
  return sources.flatMap((source, index) => {
    const expr = textOf(source.plugin.spec['expr']);
    if (source.plugin.kind !== 'PrometheusPromQLAnnotation' || source.display?.hidden || !expr) return [];
    const least = parseDuration(textOf(source.plugin.spec['step']) ?? '') ?? 15;
    const step = Math.max(least, Math.ceil((window.end - window.start) / 1000));
    const given = builtins({ from: window.start, to: window.end, step, rateInterval: step * 4 });
    return [
      { id: `annotation-${index}`, expr: interpolate(expr, { ...given, ...values }, 'query'), step, ...window, source },
    ];
  });
}

/** A mark where a series begins to have a value: a run of values is one event. */
function promMarks(id: string, source: AnnotationSource, state: QueryState | undefined): readonly Mark[] {
  const frame = state?.frame;
  if (!frame) return [];
  const { spec } = source.plugin;
  const name = source.display?.name ?? 'Annotation';
  const title = textOf(spec['title']);
  const text = textOf(spec['text']);
  return frame.series.flatMap((series) =>
    series.values.flatMap((value, index): Mark[] => {
      const before = index === 0 ? null : series.values[index - 1];
      if (value === null || value === 0 || (before !== null && before !== undefined && before !== 0)) return [];
      return [
        {
          id: `${id}/${series.key}/${frame.times[index]}`,
          time: frame.times[index] ?? 0,
          kind: name,
          title: title ? formatLegend(title, series.labels) : name,
          ...(text ? { text: formatLegend(text, series.labels) } : {}),
        },
      ];
    }),
  );
}
