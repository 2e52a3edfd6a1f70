import { arrayOf, isObject, type JsonObject, numberOf, objectOf, textOf } from './json';

// What panels' plugins may say, read from their specs with defaults. A value of a wrong type counts as not said: the document's
// shape has been checked, and a panel with one odd option is still worth drawing.

export interface Format {
  readonly unit?: string;
  readonly decimals?: number;
}

export interface ThresholdStep {
  readonly value: number;
  readonly color?: string;
  readonly name?: string;
}

export interface Thresholds {
  readonly mode: 'absolute' | 'percent';
  /** The colour below the first step. */
  readonly base?: string;
  readonly steps: readonly ThresholdStep[];
}

/** How several values of a series become one. */
export type Calculation =
  'last' | 'last-number' | 'first' | 'mean' | 'min' | 'max' | 'sum' | 'range' | 'delta' | 'count';

export type LegendValue = 'last' | 'min' | 'max' | 'mean' | 'first' | 'sum';

export interface Legend {
  readonly position: 'bottom' | 'right';
  readonly mode: 'list' | 'table';
  readonly values: readonly LegendValue[];
}

/** Ours, under `overrides`: what is different for some series. */
export interface SeriesOverride {
  /** The text of a legend, or a pattern for all of it when `pattern`. */
  readonly match: string;
  readonly pattern: boolean;
  readonly color?: string;
  readonly unit?: string;
  readonly label?: string;
  /** Along an axis of its own at the right. */
  readonly axis?: 'right';
  /** Drawn below zero. */
  readonly negate?: boolean;
  readonly hidden?: boolean;
}

export interface ValueMapping {
  readonly value?: string;
  readonly from?: number;
  readonly to?: number;
  readonly text: string;
  readonly color?: string;
}

export function formatOf(spec: JsonObject, member = 'format'): Format {
  const format = objectOf(spec[member]);
  const unit = textOf(format['unit']);
  const decimals = numberOf(format['decimalPlaces']);
  return { ...(unit === undefined ? {} : { unit }), ...(decimals === undefined ? {} : { decimals }) };
}

/** The unit that a panel shows, wherever its kind keeps it. */
export function unitOf(kind: string, spec: JsonObject): string | undefined {
  if (kind === 'TimeSeriesChart') return formatOf(objectOf(spec['yAxis'])).unit;
  if (kind === 'HeatMapChart') return formatOf(spec, 'yAxisFormat').unit;
  return formatOf(spec).unit;
}

export function thresholdsOf(spec: JsonObject): Thresholds {
  const thresholds = objectOf(spec['thresholds']);
  const steps = arrayOf(thresholds['steps']).flatMap((each) => {
    const step = objectOf(each);
    const value = numberOf(step['value']);
    if (value === undefined) return [];
    const color = textOf(step['color']);
    const name = textOf(step['name']);
    return [{ value, ...(color === undefined ? {} : { color }), ...(name === undefined ? {} : { name }) }];
  });
  const base = textOf(thresholds['defaultColor']);
  return {
    mode: thresholds['mode'] === 'percent' ? 'percent' : 'absolute',
    ...(base === undefined ? {} : { base }),
    steps: steps.toSorted((a, b) => a.value - b.value),
  };
}

const calculations: Readonly<Record<string, Calculation>> = {
  last: 'last',
  Last: 'last',
  'last-number': 'last-number',
  LastNumber: 'last-number',
  lastNotNull: 'last-number',
  first: 'first',
  First: 'first',
  'first-number': 'first',
  mean: 'mean',
  Mean: 'mean',
  min: 'min',
  Min: 'min',
  max: 'max',
  Max: 'max',
  sum: 'sum',
  Sum: 'sum',
  range: 'range',
  delta: 'delta',
  count: 'count',
};

export function calculationOf(spec: JsonObject): Calculation {
  const name = textOf(spec['calculation']);
  return (name === undefined ? undefined : calculations[name]) ?? 'last-number';
}

const legendValues: readonly LegendValue[] = ['last', 'min', 'max', 'mean', 'first', 'sum'];

/** Null when the panel shows no legend. */
export function legendOf(spec: JsonObject): Legend | null {
  const legend = spec['legend'];
  if (!isObject(legend)) return null;
  const values = arrayOf(legend['values']).flatMap((value) =>
    legendValues.filter((known) => isLegendValue(value, known)),
  );
  return {
    position: textOf(legend['position'])?.toLowerCase() === 'right' ? 'right' : 'bottom',
    mode: textOf(legend['mode'])?.toLowerCase() === 'table' ? 'table' : 'list',
    values,
  };
}

function isLegendValue(value: unknown, known: LegendValue): boolean {
  return (
    value === known || (known === 'last' && value === 'last-number') || (known === 'first' && value === 'first-number')
  );
}

export function overridesOf(spec: JsonObject): readonly SeriesOverride[] {
  return arrayOf(spec['overrides']).flatMap((each) => {
    const override = objectOf(each);
    const match = textOf(override['match']);
    if (match === undefined) return [];
    const color = textOf(override['color']);
    const unit = textOf(override['unit']);
    const label = textOf(override['label']);
    return [
      {
        match,
        pattern: override['pattern'] === true,
        ...(color === undefined ? {} : { color }),
        ...(unit === undefined ? {} : { unit }),
        ...(label === undefined ? {} : { label }),
        ...(override['axis'] === 'right' ? { axis: 'right' as const } : {}),
        ...(override['negate'] === true ? { negate: true } : {}),
        ...(override['hidden'] === true ? { hidden: true } : {}),
      },
    ];
  });
}

/** What overrides say of a legend text, all that match together: of each member the last wins, as in Grafana. */
export function overrideFor(overrides: readonly SeriesOverride[], legend: string): SeriesOverride | undefined {
  const matching = overrides.filter((override) =>
    override.pattern ? patternOf(override.match)?.test(legend) === true : override.match === legend,
  );
  return matching.length === 0 ? undefined : Object.assign({}, ...matching);
}

const patterns = new Map<string, RegExp | null>();
/** Patterns that are kept; a dashboard has tens. */
const patternsMax = 500;

/** The pattern of an override; null for what is none, which matches nothing. */
export function patternOf(text: string): RegExp | null {
  let pattern = patterns.get(text);
  if (pattern === undefined) {
    pattern = compiled(text);
    if (patterns.size >= patternsMax) patterns.clear();
    patterns.set(text, pattern);
  }
  return pattern;
}

function compiled(text: string): RegExp | null {
  try {
    return new RegExp(text);
  } catch {
    return null;
  }
}

/** What Perses and we say of all series of one query. */
export interface QuerySetting {
  /** The query's place in the panel's list. */
  readonly query: number;
  readonly color?: string;
  /** The colour is for a query that gives one series. */
  readonly alone?: boolean;
  readonly unit?: string;
  readonly axis?: 'right';
  readonly negate?: boolean;
}

/** Settings of a panel's queries, one for each query; of each member the last wins. */
export function querySettingsOf(spec: JsonObject): ReadonlyMap<number, QuerySetting> {
  const settings = new Map<number, QuerySetting>();
  for (const each of arrayOf(spec['querySettings'])) {
    const setting = objectOf(each);
    const query = numberOf(setting['queryIndex']);
    if (query === undefined) continue;
    const color = textOf(setting['colorValue']);
    const { unit } = formatOf(setting);
    settings.set(query, {
      ...settings.get(query),
      query,
      ...(color === undefined ? {} : { color, alone: setting['colorMode'] === 'fixed-single' }),
      ...(unit === undefined ? {} : { unit }),
      ...(setting['axis'] === 'right' ? { axis: 'right' as const } : {}),
      ...(setting['negate'] === true ? { negate: true } : {}),
    });
  }
  return settings;
}

export function mappingsOf(spec: JsonObject): readonly ValueMapping[] {
  return arrayOf(spec['mappings']).flatMap((each): ValueMapping[] => {
    const mapping = objectOf(each);
    const of = objectOf(mapping['spec']);
    const result = objectOf(of['result']);
    const text = textOf(result['value']);
    if (text === undefined) return [];
    const color = textOf(result['color']);
    const shown = { text, ...(color === undefined ? {} : { color }) };
    if (mapping['kind'] === 'Value') {
      const value = of['value'];
      return typeof value === 'string' || typeof value === 'number' ? [{ ...shown, value: String(value) }] : [];
    }
    if (mapping['kind'] === 'Range') {
      const from = numberOf(of['from']);
      const to = numberOf(of['to']);
      return [{ ...shown, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }];
    }
    return [];
  });
}

/** The text (and colour) that stands for a value; undefined when none does. */
export function mapValue(mappings: readonly ValueMapping[], value: number): ValueMapping | undefined {
  return mappings.find((mapping) => {
    if (mapping.value !== undefined) return Number(mapping.value) === value;
    return value >= (mapping.from ?? -Infinity) && value <= (mapping.to ?? Infinity);
  });
}
