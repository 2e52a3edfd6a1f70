import { parseDuration } from '../../core/durations';
import type { QueryState } from '../../core/frame';
import { formatLegend } from '../../core/legend';
import type { Mark } from '../../core/marks';
import type { AnnotationSource } from '../model/dashboard';
import { textOf } from '../model/json';
import { builtins } from '../variables/builtins';
import { interpolate, type VariableValues } from '../variables/interpolate';

/** Kinds of annotation sources: a query, and (ours) what the platform's annotations API keeps. */
export const promAnnotations = 'PrometheusPromQLAnnotation';
export const platformAnnotations = 'TickscopeAnnotations';

/** The queries of a dashboard's annotations over a window (seconds), variables filled in; hidden and empty ones are left out. */
export function promSources(
  sources: readonly AnnotationSource[],
  values: VariableValues,
  window: { start: number; end: number },
) {
  return sources.flatMap((source, index) => {
    const expr = textOf(source.plugin.spec['expr']);
    if (source.plugin.kind !== promAnnotations || source.display?.hidden || !expr) return [];
    const least = parseDuration(textOf(source.plugin.spec['step']) ?? '') ?? 15;
    const step = Math.max(least, Math.ceil((window.end - window.start) / 1000));
    const given = builtins({ from: window.start, to: window.end, step, rateInterval: step * 4 });
    return [
      { id: `annotation-${index}`, expr: interpolate(expr, { ...given, ...values }, 'query'), step, ...window, source },
    ];
  });
}

/** A mark where a series begins to have a value: a run of values is one event. */
export function promMarks(id: string, source: AnnotationSource, state: QueryState | undefined): readonly Mark[] {
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
