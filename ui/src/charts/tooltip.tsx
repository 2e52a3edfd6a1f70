import { useImperativeHandle, useLayoutEffect, useRef, useState, type Ref } from 'react';

import type { Exemplar, Mark } from '../core/marks';
import { nearby, type Nearby } from '../core/nearest';
import { ownUnit } from '../core/series-look';
import { unitText } from '../core/units';
import { timeText, type Zone } from '../core/zone';
import classes from './charts.module.css';
import { exemplarPlace } from './plot-layers';
import type { Plot, Stacking } from './plot';
import { Swatch } from './swatch';

/** Series a tooltip lists. */
const LISTED = 10;
/** How near the pointer must be to a mark or an exemplar, in CSS pixels. */
const TOUCH = 7;

interface Shown {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly time: number;
  readonly near: Nearby;
  readonly marks: readonly Mark[];
  readonly exemplar: Exemplar | null;
  readonly plot: Plot;
}

/** What the chart tells its tooltip; by calls rather than properties, so that a moving pointer draws nothing but the tooltip. */
export interface TooltipHandle {
  /** Shows what is at the plot's cursor; returns the series next to it. */
  show(plot: Plot): { nearest: number | null; exemplar: Exemplar | null };
  hide(): void;
}

interface TooltipProps {
  readonly ref: Ref<TooltipHandle>;
  readonly slots: ReadonlyMap<string, number>;
  readonly unit?: string | undefined;
  readonly decimals?: number | undefined;
  readonly zone: Zone;
  readonly stacked: Stacking;
}

/** Time, marks, and the series next to the cursor with their values. */
export function Tooltip({ ref, slots, unit, decimals, zone, stacked }: TooltipProps) {
  const box = useRef<HTMLDivElement>(null);
  const [shown, setShown] = useState<Shown | null>(null);
  useImperativeHandle(ref, () => ({
    show(plot) {
      const at = look(plot);
      setShown(at);
      return { nearest: at?.near.nearest?.index ?? null, exemplar: at?.exemplar ?? null };
    },
    hide: () => setShown(null),
  }));
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || shown === null) return;
    // Beside the cursor, on the side with room, so that it never covers what is pointed at.
    const room = element.offsetWidth + 16;
    const left = shown.left + room > shown.width ? Math.max(0, shown.left - room) : shown.left + 14;
    element.style.left = `${left}px`;
    element.style.top = `${Math.max(0, shown.top - element.offsetHeight / 2)}px`;
  }, [shown]);
  if (shown === null) return null;
  const { series } = shown.plot.data;
  return (
    <div className={classes.tooltip} ref={box} data-testid="tooltip">
      <div className={classes.tooltipTime}>{timeText(shown.time, zone)}</div>
      {shown.marks.map((mark) => (
        <div key={mark.id}>
          <strong>{mark.kind}</strong>: {mark.title}
          {mark.text === undefined || mark.text === '' ? null : <div className={classes.tooltipMore}>{mark.text}</div>}
        </div>
      ))}
      {shown.exemplar !== null && (
        <div>
          <strong>exemplar</strong> {unitText(shown.exemplar.value, unit, decimals)}
          {Object.entries(shown.exemplar.labels).map(([name, value]) => (
            <div key={name} className={classes.tooltipName}>
              {name} = {value}
            </div>
          ))}
        </div>
      )}
      {shown.near.listed.map(({ index, value }) => {
        const one = series[index];
        if (one === undefined) return null;
        const at = shown.plot.u.cursor.idx ?? 0;
        const own = stacked === 'none' ? value : one.values[at];
        const share = shown.plot.share(index, at);
        const near = index === shown.near.nearest?.index;
        return (
          <div key={one.key} className={`${classes.tooltipRow} ${near ? classes.tooltipNear : ''}`}>
            <Swatch slot={slots.get(one.key) ?? index} fixed={one.look?.colour} />
            <span className={classes.tooltipName}>{one.name}</span>
            <span className={classes.number}>
              {unitText(own, ...ownUnit(one.look, unit, decimals))}
              {share !== null && ` (${unitText(share, 'percentunit')})`}
            </span>
          </div>
        );
      })}
      {shown.near.listed.length === 0 && <div className={classes.tooltipMore}>no value here</div>}
      {shown.near.others > 0 && <div className={classes.tooltipMore}>and {shown.near.others} more</div>}
    </div>
  );
}

function look(plot: Plot): Shown | null {
  const { u, data } = plot;
  const { idx, left = -1, top = -1 } = u.cursor;
  if (idx === null || idx === undefined || left < 0) return null;
  const values = data.series.map((_, i) => (plot.isHidden(i) ? null : plot.drawnValue(i, idx)));
  const near = nearby(values, (value, i) => Math.abs(u.valToPos(value, plot.scaleOf(i)) - top), LISTED);
  const marks = plot.marks.filter((mark) => {
    const from = u.valToPos(mark.time, 'x');
    return (
      Math.abs(from - left) <= TOUCH ||
      (mark.timeEnd !== undefined && from <= left && u.valToPos(mark.timeEnd, 'x') >= left)
    );
  });
  const exemplar =
    plot.exemplars.find((one) => {
      const place = exemplarPlace(u, one);
      return Math.hypot(place.left - left, place.top - top) <= TOUCH;
    }) ?? null;
  const offset = u.over.offsetLeft;
  const width = plot.parent.clientWidth;
  return {
    left: left + offset,
    top: top + u.over.offsetTop,
    width,
    time: data.times[idx] ?? 0,
    near,
    marks,
    exemplar,
    plot,
  };
}
