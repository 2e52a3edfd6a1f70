import 'uplot/dist/uPlot.min.css';

import { useCallback, useEffectEvent, useLayoutEffect, useMemo, useRef, useState } from 'react';

import { assignSlots } from '../core/colours';
import { thinExemplars, type Exemplar } from '../core/marks';
import { largestSeries, type PanelData } from '../core/panel-data';
import { ownUnit } from '../core/series-look';
import { unitText } from '../core/units';
import { BROWSER_ZONE, timeText } from '../core/zone';
import classes from './charts.module.css';
import { drawHighlight } from './highlight';
import { LegendTable } from './legend-table';
import { Plot, type Drawing, type PlotLook, type PlotModel, type Stacking } from './plot';
import type { LegendColumn, ScaleKind, TimeChartProps } from './props';
import { useScheme } from './swatch';
import { Tooltip, type TooltipHandle } from './tooltip';
import { useHidden } from './use-hidden';
import { useSize } from './use-size';

/** A chart of lines over time, and how it is drawn. */
export interface TimeSeriesChartProps extends TimeChartProps {
  /** 'line' when left out. */
  readonly drawing?: Drawing | undefined;
  /** 'none' when left out. */
  readonly stacked?: Stacking | undefined;
  readonly scale?: ScaleKind | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** Columns of the legend; false for none. Last, min, max and mean when left out. */
  readonly legend?: readonly LegendColumn[] | false | undefined;
}

const COLUMNS: readonly LegendColumn[] = ['last', 'min', 'max', 'mean'];
const NONE: readonly never[] = [];

/** Lines in one chart; more are a carpet, and would hold the page up for seconds. */
const DRAWN_MAX = 400;

/**
 * Lines, areas, bars or points over time. The pointer shows the series around it, a drag zooms, a double click zooms out; with the focus
 * on the plot the arrow keys walk through time, Home and End jump, Escape lets go. The legend hides and shows series.
 */
export function TimeSeriesChart(props: TimeSeriesChartProps) {
  const given = props.data;
  const data = useMemo(() => largestSeries(given, DRAWN_MAX), [given]);
  const { unit, decimals, label, thresholds = NONE, marks = NONE, exemplars = NONE, zone = BROWSER_ZONE } = props;
  const { drawing = 'line', stacked = 'none', scale = 'linear', min, max, legend = COLUMNS, syncKey, height } = props;
  const scheme = useScheme();
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const tooltip = useRef<TooltipHandle>(null);
  const plot = useRef<Plot | null>(null);
  const touched = useRef<Exemplar | null>(null);
  const nearest = useRef<number | null>(null);
  const size = useSize(box);
  const [said, setSaid] = useState('');

  const keys = useMemo(() => data.series.map((one) => one.key), [data]);
  const slots = useSlots(data);
  const { hidden, choose } = useHidden(keys);
  const range = useRange(data, props.range);
  const model = useMemo<PlotModel>(
    () => ({
      data,
      range,
      slots,
      hidden,
      unit,
      stacked,
      min,
      max,
      thresholds,
      marks,
      exemplars: thinExemplars(exemplars, range.from, range.to),
    }),
    [data, range, slots, hidden, unit, stacked, min, max, thresholds, marks, exemplars],
  );

  const highlight = useCallback((series: number | null) => {
    if (plot.current !== null && canvas.current !== null) drawHighlight(canvas.current, plot.current, series);
  }, []);
  const onCursor = useEffectEvent((at: Plot) => {
    const { left = -1 } = at.u.cursor;
    // On charts that only follow another one's cursor the crosshair is enough.
    const mine = at.u.over.matches(':hover') || document.activeElement === box.current;
    if (left < 0 || !mine) {
      tooltip.current?.hide();
      touched.current = null;
      nearest.current = null;
      if (left < 0 || !mine) highlight(null);
      return;
    }
    const found = tooltip.current?.show(at);
    touched.current = found?.exemplar ?? null;
    nearest.current = found?.nearest ?? null;
    at.u.over.style.cursor = touched.current !== null && props.onExemplar ? 'pointer' : '';
    highlight(found?.nearest ?? null);
  });
  const onZoom = useEffectEvent((from: number, to: number) => props.onZoom?.(from, to));

  const ready = size !== null && size.width > 40 && size.height > 30;
  const fresh = useEffectEvent((look: PlotLook): Plot => {
    return new Plot(box.current!, model, look, {
      onCursor: (at) => onCursor(at),
      onZoom: (from, to) => onZoom(from, to),
    });
  });
  const initial = useEffectEvent(() => size!);
  useLayoutEffect(() => {
    if (!ready) return;
    const made = fresh({ scheme, scale, drawing, zone, syncKey, ...initial() });
    plot.current = made;
    return () => {
      plot.current = null;
      made.destroy();
    };
  }, [ready, scheme, scale, drawing, zone, syncKey]);
  useLayoutEffect(() => {
    plot.current?.update(model);
    // What was drawn over the old picture lies wrong on the new one.
    highlight(null);
  }, [model, highlight]);
  useLayoutEffect(() => {
    if (size !== null && ready) plot.current?.resize(size.width, size.height);
  }, [size, ready]);

  const point = () => {
    const at = plot.current;
    const { left = -1, top = 0, idx } = at?.u.cursor ?? {};
    if (at === null || left < 0 || idx == null || props.onPoint === undefined) return;
    const over = at.u.over.getBoundingClientRect();
    const series = nearest.current === null ? null : (data.series[nearest.current] ?? null);
    props.onPoint({ time: data.times[idx]!, series, x: over.left + left, y: over.top + top });
  };
  const press = () => {
    if (touched.current !== null && props.onExemplar) props.onExemplar(touched.current);
    else point();
  };

  const walk = (event: React.KeyboardEvent) => {
    const at = plot.current;
    if (at === null || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'Enter') return press();
    const next = keyPlace(event.key, at, event.shiftKey ? 10 : 1);
    if (next === undefined) return;
    event.preventDefault();
    if (next === null) {
      at.u.setCursor({ left: -10, top: -10 });
      setSaid('');
      return;
    }
    // A window's first step may lie just before it.
    const left = Math.min(at.u.over.clientWidth, Math.max(0, at.u.valToPos(data.times[next]!, 'x')));
    const first = data.series.findIndex((one) => !hidden.has(one.key) && one.values[next] !== null);
    const value = first < 0 ? null : at.drawnValue(first, next);
    at.u.setCursor({ left, top: value === null ? 0 : at.u.valToPos(value, at.scaleOf(first)) });
    const values = data.series
      .filter((one) => !hidden.has(one.key))
      .slice(0, 5)
      .map((one) => `${one.name} ${unitText(one.values[next], ...ownUnit(one.look, unit, decimals))}`);
    setSaid(`${timeText(data.times[next]!, zone)}: ${values.join(', ')}`);
  };

  return (
    <div className={classes.chart} style={height === undefined ? undefined : { height }}>
      <div
        ref={box}
        className={classes.plot}
        tabIndex={0}
        role="application"
        aria-roledescription="chart"
        aria-label={`${label}: ${data.series.length} series. Arrow keys walk through time.`}
        onKeyDown={walk}
        onBlur={() => plot.current?.u.setCursor({ left: -10, top: -10 })}
        onClick={press}
      >
        <canvas className={classes.overlay} style={{ zIndex: 3 }} ref={canvas} aria-hidden />
        <Tooltip ref={tooltip} slots={slots} unit={unit} decimals={decimals} zone={zone} stacked={stacked} />
      </div>
      <span className={classes.hidden} aria-live="polite">
        {said}
      </span>
      {data !== given && (
        <div className={classes.limit} role="status">
          {DRAWN_MAX} of {given.series.length.toLocaleString('en')} series drawn, the largest ones. Aggregate or filter
          to see all.
        </div>
      )}
      {legend !== false && data.series.length > 0 && (
        <LegendTable
          data={data}
          slots={slots}
          hidden={hidden}
          columns={legend}
          unit={unit}
          decimals={decimals}
          onChoose={choose}
          onHighlight={(key) => highlight(key === null ? null : keys.indexOf(key))}
        />
      )}
    </div>
  );
}

/** Places in the palette that last as long as the chart. The same map as long as no series comes or goes. */
export function useSlots(data: PanelData): ReadonlyMap<string, number> {
  const [kept, setKept] = useState<{ data: PanelData | null; slots: ReadonlyMap<string, number> }>({
    data: null,
    slots: new Map(),
  });
  if (kept.data === data) return kept.slots;
  const next = { data, slots: nextSlots(data, kept.slots) };
  // Set while rendering, as React has it for what follows from props.
  setKept(next);
  return next.slots;
}

function nextSlots(data: PanelData, before: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  if (data.series.length === before.size && data.series.every((one) => before.has(one.key))) return before;
  // By name, not by key: "eu" has one colour on all panels, whatever metric it is of.
  const kept = data.series.flatMap((one) => {
    const slot = before.get(one.key);
    return slot === undefined ? [] : [[one.name, slot] as const];
  });
  const byName = assignSlots(
    data.series.map((one) => one.name),
    new Map(kept),
  );
  return new Map(data.series.map((one) => [one.key, byName.get(one.name)!]));
}

/** The window to draw; the same object as long as its ends are the same. */
function useRange(data: PanelData, given: TimeChartProps['range']): { from: number; to: number } {
  const from = given?.from ?? data.times[0] ?? 0;
  const to = given?.to ?? data.times[data.times.length - 1] ?? 1;
  return useMemo(() => ({ from, to: to > from ? to : from + 1 }), [from, to]);
}

/** The place a key leads to; null to leave the plot, undefined for keys of others. */
function keyPlace(key: string, plot: Plot, by: number): number | null | undefined {
  const last = plot.data.times.length - 1;
  const now = (plot.u.cursor.left ?? -1) < 0 ? null : (plot.u.cursor.idx ?? null);
  switch (key) {
    case 'ArrowLeft':
      return Math.max(0, (now ?? last + 1) - by);
    case 'ArrowRight':
      return Math.min(last, (now ?? last - 1) + by);
    case 'Home':
      return 0;
    case 'End':
      return last;
    case 'Escape':
      return null;
    default:
      return undefined;
  }
}
