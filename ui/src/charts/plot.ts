import uPlot from 'uplot';

import { strokeOf, levelColour, type Scheme } from '../core/colours';
import type { Exemplar, Mark } from '../core/marks';
import type { PanelData } from '../core/panel-data';
import { lonePlaces, plotable } from '../core/plotable';
import { type Axes, axesOf } from '../core/series-look';
import { shareValues, stackValues } from '../core/stack';
import type { Threshold } from '../core/thresholds';
import { TIME_INCREMENTS, timeAxisText } from '../core/time-axis';
import { axisIncrements, axisText } from '../core/units';
import { linePaths } from './line-paths';
import { plotBase, type PlotPlace } from './plot-base';
import { drawExemplars, drawMarks, drawThresholds } from './plot-layers';
import type { ScaleKind } from './props';

/** Times, then the values of each place. */
export type Aligned = [number[], ...(number | null)[][]];

/** How the values of a chart are drawn. */
export type Drawing = 'line' | 'step' | 'area' | 'bars' | 'points';

/** Values as they are, added up, or added up as shares of their sum. */
export type Stacking = 'none' | 'sums' | 'shares';

/** All that a plot shows. */
export interface PlotModel {
  readonly data: PanelData;
  readonly range: { readonly from: number; readonly to: number };
  /** Place in the palette by key. */
  readonly slots: ReadonlyMap<string, number>;
  readonly hidden: ReadonlySet<string>;
  readonly unit: string | undefined;
  readonly stacked: Stacking;
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly thresholds: readonly Threshold[];
  readonly marks: readonly Mark[];
  /** Already thinned. */
  readonly exemplars: readonly Exemplar[];
}

/** What another plot is needed for when it changes. */
export interface PlotLook extends PlotPlace {
  readonly scheme: Scheme;
  readonly scale: ScaleKind;
  readonly drawing: Drawing;
}

/** Told by a plot. Positions are CSS pixels in the plotting area. */
export interface PlotEvents {
  onCursor(plot: Plot): void;
  onZoom(from: number, to: number): void;
}

/** Colours of what is not data. */
export function chrome(scheme: Scheme) {
  return scheme === 'light'
    ? { text: '#5a6472', grid: 'rgba(20,30,45,.09)', ground: '#ffffff' }
    : { text: '#98a2b0', grid: 'rgba(220,230,245,.09)', ground: '#171c23' };
}

export const FONT = '11px system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';

/**
 * A uPlot that lives as long as its chart. New data never makes another: series of uPlot are places that take the look of whatever
 * series stands there, so that 60 live series cost one redraw (some 15 ms) every five seconds and nothing is built anew.
 *
 * Lines are one pixel: wider ones take another, many times slower way through the browser's rasteriser.
 */
export class Plot {
  readonly u: uPlot;
  private model: PlotModel;
  /** Values as drawn (stacked, without what cannot be drawn); [i] of series i. */
  private drawn: (number | null)[][] = [];
  private shares: (number | null)[][] | null = null;
  private axes: Axes = axesOf([], undefined);

  constructor(
    readonly parent: HTMLElement,
    model: PlotModel,
    readonly look: PlotLook,
    private readonly events: PlotEvents,
  ) {
    this.model = model;
    this.axes = axesOf(model.data.series, model.unit);
    this.u = new uPlot(this.options(), this.aligned(), parent);
    this.u.over.addEventListener('dblclick', this.zoomOut);
  }

  /** Series of the model, by place. */
  get data(): PanelData {
    return this.model.data;
  }

  /** What is drawn at a place of a series: with stacking not its own value. */
  drawnValue(series: number, place: number): number | null {
    return this.drawn[series]?.[place] ?? null;
  }

  get marks(): readonly Mark[] {
    return this.model.marks;
  }

  get exemplars(): readonly Exemplar[] {
    return this.model.exemplars;
  }

  isHidden(series: number): boolean {
    return this.model.hidden.has(this.model.data.series[series]?.key ?? '');
  }

  colour(series: number): string {
    return this.data.series[series]?.look?.colour ?? strokeOf(this.slot(series), this.look.scheme).colour;
  }

  /** The scale that a series is drawn along: `y` at the left, `y2` at the right. */
  scaleOf(series: number): 'y' | 'y2' {
    return this.axes.right[series] === true ? 'y2' : 'y';
  }

  /** What a series is of the whole at a place, where stacks are of shares; null elsewhere. */
  share(series: number, place: number): number | null {
    return this.axes.right[series] === true ? null : (this.shares?.[series]?.[place] ?? null);
  }

  private dash(series: number): number[] {
    const fixed = this.data.series[series]?.look?.colour !== undefined;
    return fixed ? [] : [...strokeOf(this.slot(series), this.look.scheme).dash];
  }

  private slot(series: number): number {
    return this.model.slots.get(this.model.data.series[series]?.key ?? '') ?? series;
  }

  /** Shows another model. */
  update(model: PlotModel): void {
    if (model === this.model) return;
    this.model = model;
    const data = this.aligned();
    const u = this.u;
    while (u.series.length < data.length) u.addSeries(this.place(u.series.length - 1));
    // Places left over stay, hidden: uPlot builds each anew at some cost, and series of a live topk come and go.
    while (data.length < u.series.length) data.push([]);
    u.batch(() => {
      this.dress();
      u.setData(data, false);
      u.setScale('x', { min: model.range.from, max: model.range.to });
    });
  }

  resize(width: number, height: number): void {
    if (width !== this.u.width || height !== this.u.height) this.u.setSize({ width, height });
  }

  destroy(): void {
    this.u.over.removeEventListener('dblclick', this.zoomOut);
    this.u.destroy();
  }

  private readonly zoomOut = (): void => {
    const { from, to } = this.model.range;
    this.events.onZoom(from - (to - from) / 2, to + (to - from) / 2);
  };

  private aligned(): Aligned {
    const { data, hidden, stacked } = this.model;
    const positive = this.look.scale !== 'linear';
    let drawn = data.series.map((one) => plotable(one.values, positive));
    this.axes = axesOf(data.series, this.model.unit);
    this.shares = null;
    if (stacked !== 'none') {
      const shown = data.series.map((one, i) => !hidden.has(one.key) && !this.axes.right[i]);
      if (stacked === 'shares') this.shares = drawn = shareValues(drawn, shown);
      drawn = stackValues(drawn, shown);
    }
    this.drawn = drawn;
    return [data.times as number[], ...drawn];
  }

  /** Gives each place of uPlot the look of the series that stands there. */
  private dress(): void {
    const { data, hidden, stacked } = this.model;
    this.u.series.forEach((place, i) => {
      if (i === 0) return;
      const series = data.series[i - 1];
      place.show = series !== undefined && !hidden.has(series.key);
      place.dash = this.dash(i - 1);
      place.scale = this.scaleOf(i - 1);
    });
    this.u.delBand(null);
    if (stacked === 'none') return;
    const shown = data.series.flatMap((one, i) => (hidden.has(one.key) || this.axes.right[i] ? [] : [i + 1]));
    shown.slice(1).forEach((place, i) => {
      const band: uPlot.Band = { series: [place, shown[i]!], fill: () => translucent(this.colour(place - 1), 0.35) };
      this.u.addBand(band);
    });
  }

  private place(index: number): uPlot.Series {
    const { drawing } = this.look;
    const series = this.model.data.series[index];
    const paths = drawing === 'line' ? this.plainLines : pathsOf(drawing);
    return {
      scale: this.scaleOf(index),
      show: series !== undefined && !this.model.hidden.has(series.key),
      width: 1,
      dash: this.dash(index),
      stroke: (_, i) => this.colour(i - 1),
      // Null is what uPlot itself has for no fill; its types only know the default.
      fill: ((_: uPlot, i: number) => this.fill(i - 1)) as uPlot.Series.Fill,
      ...(paths === undefined ? {} : { paths }),
      points: {
        show: drawing === 'points',
        size: drawing === 'points' ? 4 : 3,
        stroke: (_, i) => this.colour(i - 1),
        fill: (_, i) => this.colour(i - 1),
        filter: (u, i, show) => (show ? null : lonePlaces(u.data[i]!, ...(u.series[i]!.idxs ?? [0, 0]))),
      },
    };
  }

  /** Lines that nothing is filled below or between. */
  private readonly plainLines: uPlot.Series.PathBuilder = (u, place, first, last) =>
    this.model.stacked === 'none' ? linePaths(u, place, first, last) : uPlot.paths.linear!()(u, place, first, last);

  private fill(index: number): string | null {
    if (this.look.drawing === 'bars') return translucent(this.colour(index), 0.6);
    // With bands above it only the lowest of a stack is filled down to zero.
    if (this.model.stacked !== 'none' && !this.axes.right[index]) {
      const lowest = this.model.data.series.findIndex(
        (one, i) => !this.model.hidden.has(one.key) && !this.axes.right[i],
      );
      return index === lowest ? translucent(this.colour(index), 0.35) : null;
    }
    return this.look.drawing === 'area' ? translucent(this.colour(index), 0.14) : null;
  }

  private options(): uPlot.Options {
    const { look } = this;
    const colours = chrome(look.scheme);
    const axis: uPlot.Axis = {
      stroke: colours.text,
      font: FONT,
      grid: { stroke: colours.grid, width: 1 },
      ticks: { stroke: colours.grid, width: 1, size: 4 },
      border: { show: false },
    };
    const scaleOf = (range: uPlot.Range.Function): uPlot.Scale =>
      look.scale === 'linear' ? { range } : { distr: 3, log: look.scale === 'log2' ? 2 : 10, range: this.logRange };
    const values: uPlot.Axis = { ...axis, size: axisWidth, gap: 4, space: 28 };
    return {
      ...plotBase(look),
      scales: {
        x: { time: true, range: () => [this.model.range.from, this.model.range.to] },
        y: scaleOf(this.linearRange),
        y2: scaleOf(this.linearRange),
      },
      series: [{}, ...this.model.data.series.map((_, i) => this.place(i))],
      axes: [
        {
          ...axis,
          space: 70,
          size: 36,
          gap: 4,
          lineGap: 1.2,
          incrs: TIME_INCREMENTS,
          values: (_, splits, __, ___, increment) => timeAxisText(splits, increment, look.zone),
        },
        {
          ...values,
          ...(look.scale === 'linear' ? { incrs: () => axisIncrements(this.leftUnit) } : {}),
          values: (_, splits) => this.labels(splits, this.leftUnit),
        },
        {
          ...values,
          scale: 'y2',
          side: 1,
          // One set of lines is enough to read along.
          grid: { show: false },
          ...(look.scale === 'linear' ? { incrs: () => axisIncrements(this.axes.rightUnit) } : {}),
          values: (_, splits) => this.labels(splits, this.axes.rightUnit),
        },
      ],
      hooks: {
        ready: [() => this.dressFirst()],
        draw: [
          (u) => drawThresholds(u, this.model.thresholds, look.scheme, colours.ground),
          (u) => drawMarks(u, this.model.marks, look.scheme),
          (u) => drawExemplars(u, this.model.exemplars, levelColour('none', look.scheme), colours.ground),
        ],
        setCursor: [() => this.events.onCursor(this)],
        setSelect: [this.selected],
      },
    };
  }

  private dressFirst(): void {
    if (this.model.stacked !== 'none') queueMicrotask(() => (this.dress(), this.u.redraw()));
  }

  private get leftUnit(): string | undefined {
    return this.model.stacked === 'shares' ? 'percentunit' : this.axes.leftUnit;
  }

  private labels(splits: (number | null)[], unit: string | undefined): (string | null)[] {
    // On a logarithmic axis uPlot hands over null for the marks between that get no label.
    const shown = splits.filter((split): split is number => split !== null);
    const texts = axisText(shown, unit);
    let at = 0;
    return splits.map((split) => (split === null ? null : texts[at++]!));
  }

  private readonly linearRange: uPlot.Range.Function = (_, low: number | null, high: number | null, key) => {
    if (key === 'y2' && low === null) return [null, null];
    // What was said of the axis is said of the left one.
    const { min, max } = key === 'y2' ? { min: undefined, max: undefined } : this.model;
    if (key === 'y' && this.model.stacked === 'shares') return [Math.min(low ?? 0, 0), 1];
    // Nothing but zeros: a line on the ground, not at the foot of a hundred.
    if (low === null || high === null || (low === 0 && high === 0)) return [min ?? 0, max ?? 1];
    // Zero belongs to the picture when the data come near it, and nothing is cut at it when they do not go below.
    const range = uPlot.rangeNum(Math.min(low, min ?? low), Math.max(high, max ?? high), {
      min: { pad: 0.08, soft: 0, mode: 3 },
      max: { pad: 0.08, soft: 0, mode: 3 },
    });
    const filled = this.model.stacked !== 'none' || this.look.drawing === 'area' || this.look.drawing === 'bars';
    const bottom = filled && low >= 0 ? 0 : range[0]!;
    return [min ?? bottom, max ?? range[1]!];
  };

  private readonly logRange: uPlot.Range.Function = (_, low: number | null, high: number | null, key) => {
    if (key === 'y2' && low === null) return [null, null];
    const own = key === 'y2' ? { min: undefined, max: undefined } : this.model;
    const base = this.look.scale === 'log2' ? 2 : 10;
    if (low === null || high === null || low <= 0) return [1, base];
    const from = base ** Math.floor(Math.log(low) / Math.log(base) + 1e-9);
    const to = base ** Math.ceil(Math.log(high) / Math.log(base) - 1e-9);
    return [own.min !== undefined && own.min > 0 ? own.min : from, own.max ?? Math.max(to, from * base)];
  };

  private readonly selected = (u: uPlot): void => {
    const { left, width } = u.select;
    if (width < 4) return;
    const [from, to] = [u.posToVal(left, 'x'), u.posToVal(left + width, 'x')];
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.events.onZoom(from, to);
  };
}

function pathsOf(drawing: Drawing): uPlot.Series.PathBuilder | undefined {
  switch (drawing) {
    case 'step':
      return uPlot.paths.stepped!({ align: 1 });
    case 'bars':
      return uPlot.paths.bars!({ size: [0.8, 40] });
    case 'points':
      return () => null;
    default:
      return undefined;
  }
}

/** Room for the widest label. */
function axisWidth(u: uPlot, values: (string | null)[] | null): number {
  if (values === null || values.length === 0) return 40;
  u.ctx.save();
  u.ctx.font = FONT;
  const widest = Math.max(...values.map((value) => (value === null ? 0 : u.ctx.measureText(value).width)));
  u.ctx.restore();
  return Math.max(34, Math.ceil(widest) + 14);
}

/** A hex colour with less of it. */
export function translucent(hex: string, alpha: number): string {
  return `${hex}${Math.round(alpha * 255)
    .toString(16)
    .padStart(2, '0')}`;
}
