import type uPlot from 'uplot';

import { levelColour, type Scheme } from '../core/colours';
import type { Exemplar, Mark } from '../core/marks';
import type { Threshold } from '../core/thresholds';

/** Runs `draw` with the canvas clipped to the plotting area, its state put back afterwards. */
function inside(u: uPlot, draw: (ctx: CanvasRenderingContext2D, scale: number) => void): void {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw(ctx, devicePixelRatio);
  ctx.restore();
}

/** A dashed line across for each threshold, its name at the right end. */
export function drawThresholds(u: uPlot, thresholds: readonly Threshold[], scheme: Scheme, ground: string): void {
  if (thresholds.length === 0) return;
  inside(u, (ctx, scale) => {
    const { left, width } = u.bbox;
    for (const one of thresholds) {
      const y = Math.round(u.valToPos(one.value, 'y', true)) + 0.5;
      const colour = levelColour(one.level, scheme);
      ctx.strokeStyle = colour;
      ctx.lineWidth = scale;
      ctx.setLineDash([6 * scale, 4 * scale]);
      ctx.beginPath();
      ctx.moveTo(left, y);
      ctx.lineTo(left + width, y);
      ctx.stroke();
      ctx.font = `${10 * scale}px system-ui, sans-serif`;
      ctx.textAlign = 'right';
      ctx.textBaseline = 'alphabetic';
      const said = one.label ?? one.level;
      const wide = ctx.measureText(said).width;
      // Its own ground under it: the lines it stands among are drawn over it otherwise.
      ctx.fillStyle = ground;
      ctx.fillRect(left + width - wide - 7 * scale, y - 13 * scale, wide + 6 * scale, 12 * scale);
      ctx.fillStyle = colour;
      ctx.fillText(said, left + width - 4 * scale, y - 3 * scale);
    }
  });
}

/** Colours of marks by what they tell of. */
export function markColour(kind: string, scheme: Scheme): string {
  if (kind === 'incident' || kind === 'alert') return levelColour('bad', scheme);
  if (kind === 'deploy' || kind === 'rollout') return scheme === 'light' ? '#2b5fc7' : '#86aefc';
  return levelColour('none', scheme);
}

/** A line with a flag at its foot for a moment, a shade for a stretch. */
export function drawMarks(u: uPlot, marks: readonly Mark[], scheme: Scheme): void {
  if (marks.length === 0) return;
  inside(u, (ctx, scale) => {
    const { left, top, width, height } = u.bbox;
    for (const one of marks) {
      const from = u.valToPos(one.time, 'x', true);
      const to = one.timeEnd === undefined ? from : u.valToPos(one.timeEnd, 'x', true);
      if (to < left || from > left + width) continue;
      const colour = markColour(one.kind, scheme);
      if (to > from + 1) {
        ctx.fillStyle = `${colour}1f`;
        ctx.fillRect(from, top, to - from, height);
      }
      ctx.strokeStyle = colour;
      ctx.lineWidth = scale;
      ctx.setLineDash([3 * scale, 3 * scale]);
      ctx.beginPath();
      for (const x of to > from + 1 ? [from, to] : [from]) {
        ctx.moveTo(Math.round(x) + 0.5, top);
        ctx.lineTo(Math.round(x) + 0.5, top + height);
      }
      ctx.stroke();
      ctx.fillStyle = colour;
      ctx.beginPath();
      const foot = top + height;
      ctx.moveTo(from - 5 * scale, foot);
      ctx.lineTo(from + 5 * scale, foot);
      ctx.lineTo(from, foot - 7 * scale);
      ctx.fill();
    }
  });
}

/** Where an exemplar is drawn, CSS pixels in the plotting area; kept within it, as its value may lie above the line it explains. */
export function exemplarPlace(u: uPlot, one: Exemplar): { left: number; top: number } {
  const height = u.bbox.height / devicePixelRatio;
  const top = u.valToPos(one.value, 'y');
  return { left: u.valToPos(one.time, 'x'), top: Math.min(height - 5, Math.max(5, top)) };
}

/** Small diamonds: few enough to see the lines between them. */
export function drawExemplars(u: uPlot, exemplars: readonly Exemplar[], colour: string, ground: string): void {
  if (exemplars.length === 0) return;
  inside(u, (ctx, scale) => {
    ctx.fillStyle = colour;
    ctx.strokeStyle = ground;
    ctx.lineWidth = scale;
    const size = 4 * scale;
    for (const one of exemplars) {
      const { left, top } = exemplarPlace(u, one);
      const [x, y] = [left * scale + u.bbox.left, top * scale + u.bbox.top];
      ctx.beginPath();
      ctx.moveTo(x, y - size);
      ctx.lineTo(x + size, y);
      ctx.lineTo(x, y + size);
      ctx.lineTo(x - size, y);
      ctx.closePath();
      ctx.fill();
      ctx.stroke();
    }
  });
}
