import uPlot from 'uplot';

import { ianaName, type Zone } from '../core/zone';

/** Where a plot is, and what it shares with others. */
export interface PlotPlace {
  readonly zone: Zone;
  /** Plots with the same key show the cursor at one time; undefined for a plot of its own. */
  readonly syncKey: string | undefined;
  readonly width: number;
  readonly height: number;
}

/** What is the same for all plots over time: the zone of their clock, no legend of uPlot's, a drag that chooses a range. */
export function plotBase(
  place: PlotPlace,
): Pick<uPlot.Options, 'width' | 'height' | 'padding' | 'legend' | 'tzDate' | 'cursor'> {
  return {
    width: place.width,
    height: place.height,
    padding: [8, 20, 0, 0],
    legend: { show: false },
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), ianaName(place.zone)),
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: true, y: false, setScale: false },
      ...(place.syncKey === undefined ? {} : { sync: { key: place.syncKey, setSeries: false } }),
      bind: { dblclick: () => null },
    },
  };
}
