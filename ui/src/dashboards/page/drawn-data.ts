import { hexColour } from '../../core/css-colour';
import type { QueryState } from '../../core/frame';
import { type PanelData, panelData, type PanelSeries } from '../../core/panel-data';
import type { SeriesLook } from '../../core/series-look';
import type { JsonObject } from '../model/json';
import { overrideFor, overridesOf, type QuerySetting, querySettingsOf, type SeriesOverride } from '../model/options';
import type { AskedQuery } from './panel-queries';

/** Lines on one chart; more are neither told apart nor drawn in time. */
export const seriesMax = 500;
/** Rows of one table. */
export const rowsMax = 10_000;

export interface DrawnData {
  readonly data: PanelData;
  /** Series that the queries gave; more than are drawn when it was too many. */
  readonly total: number;
}

/**
 * The series of a panel's queries as the panel wants them: named, the hidden left out, those below zero turned, each with the
 * colour, unit and axis of its own, the largest kept.
 */
export function drawnData(
  queries: readonly AskedQuery[],
  states: readonly (QueryState | undefined)[],
  spec: JsonObject,
  most: number,
): DrawnData {
  const whole = panelData(
    queries.map((query, index) => ({
      id: query.id,
      frame: states[index]?.frame ?? null,
      legend: query.legend || undefined,
    })),
  );
  const total = whole.series.length;
  const data = total > most ? { ...whole, series: largest(whole.series, most) } : whole;
  return { data: overridden(data, queries, spec), total };
}

/** Those with the largest latest values, in the order they had. */
function largest(series: readonly PanelSeries[], most: number): readonly PanelSeries[] {
  const ranked = series.map((one) => ({ one, size: Math.abs(latest(one.values)) })).toSorted((a, b) => b.size - a.size);
  const kept = new Set(ranked.slice(0, most).map(({ one }) => one));
  return series.filter((one) => kept.has(one));
}

function latest(values: readonly (number | null)[]): number {
  return values.findLast((value) => value !== null && Number.isFinite(value)) ?? 0;
}

function overridden(data: PanelData, queries: readonly AskedQuery[], spec: JsonObject): PanelData {
  const overrides = overridesOf(spec);
  const settings = querySettingsOf(spec);
  if (overrides.length === 0 && settings.size === 0) return data;
  const byQuery = new Map(
    queries.flatMap(({ id }) => {
      const setting = settings.get(Number(id.slice(id.lastIndexOf('/') + 1)));
      const alone = data.series.filter(({ query }) => query === id).length === 1;
      return setting === undefined ? [] : [[id, setting.alone === true && !alone ? uncoloured(setting) : setting]];
    }),
  );
  const series = data.series.flatMap((one): PanelSeries[] => {
    const setting = { ...byQuery.get(one.query), ...overrideFor(overrides, one.name) };
    if (setting.hidden) return [];
    const look = lookOf(setting);
    if (!setting.negate && !setting.label && look === undefined) return [one];
    return [
      {
        ...one,
        name: setting.label ?? one.name,
        values: setting.negate ? negated(one.values) : one.values,
        ...(look === undefined ? {} : { look }),
      },
    ];
  });
  return { ...data, series };
}

function uncoloured({ color: _color, ...setting }: QuerySetting): QuerySetting {
  return setting;
}

function lookOf(setting: Partial<SeriesOverride>): SeriesLook | undefined {
  const colour = hexColour(setting.color);
  const { unit } = setting;
  const right = setting.axis === 'right';
  if (colour === undefined && unit === undefined && !right) return undefined;
  return {
    ...(colour === undefined ? {} : { colour }),
    ...(unit === undefined ? {} : { unit }),
    ...(right ? { right } : {}),
  };
}

const negatives = new WeakMap<readonly (number | null)[], readonly (number | null)[]>();

/** The same array for the same values, so that charts see what did not change. */
function negated(values: readonly (number | null)[]): readonly (number | null)[] {
  const before = negatives.get(values);
  if (before) return before;
  const turned = values.map((value) => (value === null ? null : -value));
  negatives.set(values, turned);
  return turned;
}
