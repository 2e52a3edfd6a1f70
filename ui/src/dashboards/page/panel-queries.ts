import { parseDuration } from '../../core/durations';
import { rateInterval, stepFor } from '../../core/steps';
import { textOf } from '../model/json';
import { promQueries } from '../model/queries';
import { builtins } from '../variables/builtins';
import { interpolate, type VariableValues } from '../variables/interpolate';
import type { ShownPanel } from './sections';

/** A query of a panel, with everything filled in. */
export interface AskedQuery {
  /** Unique on the page. */
  readonly id: string;
  readonly expr: string;
  readonly legend: string;
  /** Seconds. */
  readonly step: number;
  /** The panel's own length of time, in seconds, in place of the page's. */
  readonly own?: number;
  /** Seconds that it looks back from the page's window. */
  readonly shift?: number;
}

/** Seconds between scrapes, for what `$__rate_interval` stands for, where the panel does not say. */
const scrapeSeconds = 10;

/** The queries that a panel of `width` CSS pixels asks over a window (seconds). */
export function askedQueries(
  shown: ShownPanel,
  values: VariableValues,
  window: { readonly from: number; readonly to: number },
  width: number,
  refresh: number,
): readonly AskedQuery[] {
  const { spec } = shown.panel.spec.plugin;
  const own = duration(textOf(spec['timeFrom']));
  const shift = duration(textOf(spec['timeShift']));
  const to = window.to - (shift ?? 0);
  const from = own === undefined ? window.from - (shift ?? 0) : to - own;
  return promQueries(shown.panel).map((query) => {
    const all = { ...values, ...shown.scope };
    const least = duration(query.minStep && interpolate(query.minStep, all, 'text')) ?? scrapeSeconds;
    const step = Math.max(stepFor(to - from, width / query.resolution, least), refresh);
    const given = builtins({ from, to, step, rateInterval: rateInterval(step, Math.max(least, scrapeSeconds)) });
    // Twice: an interval variable's value may be $__interval itself.
    const expr = interpolate(interpolate(query.expr, { ...given, ...all }, 'query'), given, 'query');
    return {
      id: `${shown.id}/${query.index}`,
      expr,
      legend: interpolate(query.legend, all, 'text'),
      step,
      ...(own === undefined ? {} : { own }),
      ...(shift === undefined ? {} : { shift }),
    };
  });
}

function duration(text: string | undefined): number | undefined {
  return text ? (parseDuration(text) ?? undefined) : undefined;
}
