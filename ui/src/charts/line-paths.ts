import type uPlot from 'uplot';

/**
 * The path of a plain line, on whole pixels, broken where values are missing. uPlot's own builder makes a second path to be filled and
 * a clip for the gaps of each line, wanted or not; with 200 lines that is a third of a redraw.
 */
export function linePaths(u: uPlot, place: number, first: number, last: number): uPlot.Series.Paths {
  const times = u.data[0];
  const values = u.data[place]!;
  const { min: from = 0, max: to = 1 } = u.scales.x!;
  const scale = u.series[place]!.scale ?? 'y';
  const { min: low = 0, max: high = 1, distr } = u.scales[scale]!;
  const { left, top, width, height } = u.bbox;
  const perSecond = width / (to - from || 1);
  const perUnit = height / (high - low || 1);
  const even = distr === 1 || distr === undefined;
  const stroke = new Path2D();
  let drawing = false;
  for (let i = first; i <= last; ++i) {
    const value = values[i];
    if (value === null || value === undefined) {
      drawing = false;
      continue;
    }
    const x = Math.round(left + (times[i]! - from) * perSecond);
    const y = Math.round(even ? top + (high - value) * perUnit : u.valToPos(value, scale, true));
    if (drawing) stroke.lineTo(x, y);
    else stroke.moveTo(x, y);
    drawing = true;
  }
  return { stroke, fill: null, clip: null, band: null, gaps: [], flags: 0 };
}
