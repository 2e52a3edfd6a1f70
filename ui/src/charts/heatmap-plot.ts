import uPlot from 'uplot';

import { rampColour, type Scheme } from '../core/colours';
import type { HeatmapGrid } from '../core/heatmap';
import type { Mark } from '../core/marks';
import { TIME_INCREMENTS, timeAxisText } from '../core/time-axis';
import { unitText } from '../core/units';
import { chrome, FONT, type Aligned } from './plot';
import { plotBase, type PlotPlace } from './plot-base';
import { drawMarks } from './plot-layers';

/** What is at the cursor. Positions in CSS pixels of the box. */
export interface HeatmapCell {
  readonly column: number;
  readonly time: number;
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
  /** Of all observations at that time, 0 to 1. */
  readonly share: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly byKey: boolean;
}

export interface HeatmapModel {
  readonly grid: HeatmapGrid;
  readonly lines: readonly { readonly quantile: number; readonly values: readonly (number | null)[] }[];
  readonly from: number;
  readonly to: number;
  readonly unit: string | undefined;
  readonly marks: readonly Mark[];
}

/** What another plot is needed for when it changes. */
export interface HeatmapLook extends PlotPlace {
  readonly scheme: Scheme;
}

interface HeatmapEvents {
  onCell(cell: HeatmapCell | null): void;
  onZoom(from: number, to: number): void;
}

/** Shades; more cannot be told apart and each is a change of the canvas's colour. */
const SHADES = 48;

/**
 * A heatmap on uPlot's axes: rows are equally high, since buckets grow with their values, and cells are drawn by shade, all
 * of one colour in one path. The y scale counts rows; positions between bounds are interpolated.
 */
export class HeatmapPlot {
  readonly u: uPlot;
  private byKey = false;

  constructor(
    private readonly parent: HTMLElement,
    private model: HeatmapModel,
    private readonly look: HeatmapLook,
    private readonly events: HeatmapEvents,
  ) {
    this.u = new uPlot(this.options(), this.aligned(), parent);
    parent.addEventListener('pointermove', this.pointed);
  }

  update(model: HeatmapModel): void {
    if (model === this.model) return;
    this.model = model;
    const data = this.aligned();
    while (this.u.series.length < data.length) this.u.addSeries(this.line(this.u.series.length));
    while (data.length < this.u.series.length) data.push([]);
    this.u.series.forEach((series, i) => (series.show = i === 0 || i <= model.lines.length));
    this.u.batch(() => {
      this.u.setData(data, false);
      this.u.setScale('x', { min: model.from, max: model.to });
    });
  }

  resize(width: number, height: number): void {
    if (width !== this.u.width || height !== this.u.height) this.u.setSize({ width, height });
  }

  destroy(): void {
    this.parent.removeEventListener('pointermove', this.pointed);
    this.u.destroy();
  }

  /** Moves the cursor by a cell; true when the key was one of ours. */
  walk(key: string): boolean {
    const { grid } = this.model;
    const { u } = this;
    const lost = (u.cursor.left ?? -1) < 0;
    const column = lost ? grid.times.length - 1 : (u.cursor.idx ?? 0);
    const row = lost ? Math.floor(grid.rows.length / 2) : Math.floor(u.posToVal(u.cursor.top ?? 0, 'y'));
    const move = MOVES[key];
    if (key === 'Escape') u.setCursor({ left: -10, top: -10 });
    if (move === undefined || grid.rows.length === 0) return key === 'Escape' && !lost;
    this.byKey = true;
    const next = Math.min(grid.times.length - 1, Math.max(0, column + move[0]));
    const nextRow = Math.min(grid.rows.length - 1, Math.max(0, row + move[1]));
    u.setCursor({ left: u.valToPos(grid.times[next]!, 'x'), top: u.valToPos(nextRow + 0.5, 'y') });
    return true;
  }

  private readonly pointed = (): void => {
    this.byKey = false;
  };

  private aligned(): Aligned {
    const { grid, lines } = this.model;
    return [
      grid.times as number[],
      ...lines.map(({ values }) => values.map((value) => (value === null ? null : rowOf(grid, value)))),
    ];
  }

  private line(place: number): uPlot.Series {
    const colour = this.look.scheme === 'light' ? '#c2255c' : '#ffffff';
    return {
      scale: 'y',
      stroke: colour,
      width: 1.5,
      points: { show: false },
      ...(place === 1 ? {} : { dash: [5, 3] }),
    };
  }

  private options(): uPlot.Options {
    const { look } = this;
    const colours = chrome(look.scheme);
    const axis: uPlot.Axis = { stroke: colours.text, font: FONT, border: { show: false }, grid: { show: false } };
    return {
      ...plotBase(look),
      scales: {
        x: { time: true, range: () => [this.model.from, this.model.to] },
        y: { range: () => [0, Math.max(1, this.model.grid.rows.length)] },
      },
      series: [{}, ...this.model.lines.map((_, i) => this.line(i + 1))],
      axes: [
        {
          ...axis,
          space: 70,
          size: 36,
          gap: 4,
          lineGap: 1.2,
          ticks: { stroke: colours.grid, size: 4 },
          incrs: TIME_INCREMENTS,
          values: (_, splits, __, ___, increment) => timeAxisText(splits, increment, look.zone),
        },
        {
          ...axis,
          size: 62,
          gap: 4,
          ticks: { stroke: colours.grid, size: 4 },
          splits: (u) => boundSplits(this.model.grid.rows.length, u.bbox.height / devicePixelRatio),
          values: (_, splits) => splits.map((at) => boundText(this.model.grid, at, this.model.unit)),
        },
      ],
      hooks: {
        drawAxes: [(u) => drawCells(u, this.model.grid, look.scheme)],
        draw: [(u) => drawMarks(u, this.model.marks, look.scheme)],
        setCursor: [() => this.events.onCell(this.cell())],
        setSelect: [this.selected],
      },
    };
  }

  private cell(): HeatmapCell | null {
    const { u, model } = this;
    const { grid } = model;
    const { left = -1, top = -1, idx } = u.cursor;
    const mine = u.over.matches(':hover') || document.activeElement === this.parent;
    if (left < 0 || !mine || idx === null || idx === undefined) return null;
    // A cell reaches from the step before to its own time, as the window of a rate does.
    const column = grid.times.findIndex((time) => time >= u.posToVal(left, 'x') - 1e-6);
    const row = Math.min(grid.rows.length - 1, Math.max(0, Math.floor(u.posToVal(top, 'y'))));
    if (column < 0 || grid.rows.length === 0) return null;
    const columns = grid.times.length;
    let total = 0;
    for (let i = 0; i < grid.rows.length; ++i) total += grid.counts[i * columns + column]! || 0;
    const count = grid.counts[row * columns + column]!;
    return {
      column,
      time: grid.times[column]!,
      ...grid.rows[row]!,
      count,
      share: total === 0 ? 0 : count / total,
      left: left + u.over.offsetLeft,
      top: top + u.over.offsetTop,
      width: this.parent.clientWidth,
      byKey: this.byKey,
    };
  }

  private readonly selected = (u: uPlot): void => {
    const { left, width } = u.select;
    if (width < 4) return;
    const [from, to] = [u.posToVal(left, 'x'), u.posToVal(left + width, 'x')];
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.events.onZoom(from, to);
  };
}

const MOVES: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/** A value as a place on the scale of rows: within its row in proportion to the bounds. */
function rowOf(grid: HeatmapGrid, value: number): number | null {
  const row = grid.rows.findIndex(({ upper }) => value <= upper);
  if (row < 0) return grid.rows.length;
  const { lower, upper } = grid.rows[row]!;
  if (!Number.isFinite(upper) || !Number.isFinite(lower) || upper <= lower) return row;
  return row + Math.max(0, (value - lower) / (upper - lower));
}

/** Bounds that get a label: as many as fit, evenly. */
function boundSplits(rows: number, height: number): number[] {
  const every = Math.max(1, Math.ceil(rows / Math.max(1, Math.floor(height / 22))));
  const splits: number[] = [];
  for (let at = 0; at <= rows; at += every) splits.push(at);
  return splits;
}

function boundText(grid: HeatmapGrid, at: number, unit: string | undefined): string {
  const bound = at < grid.rows.length ? grid.rows[at]?.lower : grid.rows[grid.rows.length - 1]?.upper;
  return bound === undefined ? '' : bound === Infinity ? '+Inf' : unitText(bound, unit);
}

/** Cells by shade. The root of the share of the strongest count: what is rare stays visible. */
function drawCells(u: uPlot, grid: HeatmapGrid, scheme: Scheme): void {
  if (grid.top === 0) return;
  const { ctx, bbox } = u;
  const columns = grid.times.length;
  const paths = Array.from({ length: SHADES + 1 }, () => null as Path2D | null);
  const xs = [grid.times[0]! - grid.step, ...grid.times].map((time) => Math.round(u.valToPos(time, 'x', true)));
  const ys = Array.from({ length: grid.rows.length + 1 }, (_, row) => Math.round(u.valToPos(row, 'y', true)));
  const widest = Math.abs(u.valToPos(grid.step, 'x', true) - u.valToPos(0, 'x', true));
  for (let row = 0; row < grid.rows.length; ++row) {
    const [bottom, top] = [ys[row]!, ys[row + 1]!];
    for (let column = 0; column < columns; ++column) {
      const count = grid.counts[row * columns + column]!;
      if (!(count > 0)) continue;
      const right = xs[column + 1]!;
      // After a gap in time a cell is still one step wide.
      const left = Math.max(xs[column]!, Math.round(right - widest) - 1);
      const path = (paths[Math.ceil(Math.sqrt(Math.min(1, count / grid.top)) * SHADES)] ??= new Path2D());
      path.rect(left, top, Math.max(1, right - left), Math.max(1, bottom - top));
    }
  }
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  paths.forEach((path, shade) => {
    if (path === null) return;
    ctx.fillStyle = rampColour(shade / SHADES, scheme);
    ctx.fill(path);
  });
  ctx.restore();
}
