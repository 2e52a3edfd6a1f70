import 'uplot/dist/uPlot.min.css';

import { useEffectEvent, useLayoutEffect, useMemo, useRef, useState } from 'react';

import { rampColour } from '../core/colours';
import { heatmapOf, quantileLine } from '../core/heatmap';
import { unitText } from '../core/units';
import { BROWSER_ZONE, timeText } from '../core/zone';
import classes from './charts.module.css';
import { HeatmapPlot, type HeatmapCell, type HeatmapLook, type HeatmapModel } from './heatmap-plot';
import type { TimeChartProps } from './props';
import { useScheme } from './swatch';
import { useSize } from './use-size';

/** A heatmap, and the lines over it. */
export interface HeatmapChartProps extends TimeChartProps {
  /** Quantiles drawn over it, 0 to 1; 0.5 and 0.95 when left out. */
  readonly quantiles?: readonly number[] | undefined;
}

const QUANTILES: readonly number[] = [0.5, 0.95];
const NONE: readonly never[] = [];

/**
 * How values were spread over time, of classic histograms (series with `le`) or native ones: the stronger a cell, the more
 * observations. `unit` is that of the observed values. The pointer shows a cell's bounds, its count and its share.
 */
export function HeatmapChart(props: HeatmapChartProps) {
  const {
    data,
    unit,
    decimals,
    label,
    zone = BROWSER_ZONE,
    quantiles = QUANTILES,
    syncKey,
    height,
    marks = NONE,
  } = props;
  const scheme = useScheme();
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<HeatmapPlot | null>(null);
  const size = useSize(box);
  const [cell, setCell] = useState<HeatmapCell | null>(null);
  const grid = useMemo(() => heatmapOf(data), [data]);
  const lines = useMemo(
    () => quantiles.map((quantile) => ({ quantile, values: quantileLine(grid, quantile) })),
    [grid, quantiles],
  );
  const from = props.range?.from ?? grid.times[0] ?? 0;
  const to = Math.max(from + 1, props.range?.to ?? grid.times[grid.times.length - 1] ?? 1);
  const model = useMemo<HeatmapModel>(
    () => ({ grid, lines, from, to, unit, marks }),
    [grid, lines, from, to, unit, marks],
  );

  const onCell = useEffectEvent((at: HeatmapCell | null) => setCell(at));
  const onZoom = useEffectEvent((start: number, end: number) => props.onZoom?.(start, end));
  const ready = size !== null && size.width > 40 && size.height > 30;
  const fresh = useEffectEvent((look: HeatmapLook): HeatmapPlot => {
    return new HeatmapPlot(box.current!, model, look, { onCell: (at) => onCell(at), onZoom: (a, b) => onZoom(a, b) });
  });
  const initial = useEffectEvent(() => size!);
  useLayoutEffect(() => {
    if (!ready) return;
    const made = fresh({ scheme, zone, syncKey, ...initial() });
    plot.current = made;
    return () => {
      plot.current = null;
      made.destroy();
    };
  }, [ready, scheme, zone, syncKey]);
  useLayoutEffect(() => plot.current?.update(model), [model]);
  useLayoutEffect(() => {
    if (size !== null && ready) plot.current?.resize(size.width, size.height);
  }, [size, ready]);

  return (
    <div className={classes.chart} style={height === undefined ? undefined : { height }}>
      <div
        ref={box}
        className={classes.plot}
        tabIndex={0}
        role="application"
        aria-roledescription="heatmap"
        aria-label={`${label}: ${grid.rows.length} buckets over time. Arrow keys walk through the cells.`}
        onKeyDown={(event) => {
          if (plot.current?.walk(event.key) === true) event.preventDefault();
        }}
        onBlur={() => plot.current?.walk('Escape')}
      >
        {cell !== null && (
          <div
            className={classes.tooltip}
            data-testid="tooltip"
            style={{
              top: Math.max(0, cell.top - 30),
              ...(cell.left > cell.width / 2 ? { right: cell.width - cell.left + 14 } : { left: cell.left + 14 }),
            }}
          >
            <div className={classes.tooltipTime}>{timeText(cell.time, zone)}</div>
            <div>
              {unitText(cell.lower, unit, decimals)} to {unitText(cell.upper, unit, decimals)}
            </div>
            <div className={classes.tooltipNear}>
              {Number.isNaN(cell.count)
                ? 'nothing observed'
                : `${unitText(cell.count)} · ${unitText(cell.share, 'percentunit')}`}
            </div>
            {lines.map(({ quantile, values }) => (
              <div key={quantile} className={classes.tooltipMore}>
                p{Math.round(quantile * 1000) / 10} {unitText(values[cell.column], unit, decimals)}
              </div>
            ))}
          </div>
        )}
      </div>
      <span className={classes.hidden} aria-live="polite">
        {cell?.byKey === true
          ? `${timeText(cell.time, zone)}, ${unitText(cell.lower, unit)} to ${unitText(cell.upper, unit)}: ${unitText(cell.count)}`
          : ''}
      </span>
      <div className={classes.scaleRow}>
        <span>0</span>
        <div
          className={classes.scaleBar}
          style={{
            background: `linear-gradient(to right, ${[0, 0.2, 0.4, 0.6, 0.8, 1].map((at) => rampColour(at, scheme)).join(',')})`,
          }}
        />
        <span>
          {unitText(grid.top)} {grid.top < grid.max ? 'and more ' : ''}in a cell
        </span>
        {lines.map(({ quantile }, i) => (
          <span key={quantile} style={{ marginLeft: i === 0 ? 'auto' : 0 }}>
            {i === 0 ? '━' : '┅'} p{Math.round(quantile * 1000) / 10}
          </span>
        ))}
      </div>
    </div>
  );
}
