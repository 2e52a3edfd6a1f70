import type { Frame, FrameSeries } from '../src/core/frame';

/** Numbers that look random and are the same each time. */
function randoms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Walks of `series` series over `points` points that end at `end`. */
export function walks(series: number, points: number, step: number, end: number, seed = 1): Frame {
  const random = randoms(seed);
  const times = Array.from({ length: points }, (_, i) => end - (points - 1 - i) * step);
  return {
    times,
    step,
    series: Array.from({ length: series }, (_, n): FrameSeries => {
      let at = 40 + 60 * random();
      const values = times.map(() => (at = Math.max(0, at + (random() - 0.5) * 6)));
      return { key: `server="eu-${n}"`, labels: { __name__: 'game_players', region: 'eu', server: `eu-${n}` }, values };
    }),
  };
}

/** `frame` a step later: every series has lost its first point and got one more, in new arrays, as the live stream gives them. */
export function stepOn(frame: Frame, seed: number): Frame {
  const random = randoms(seed);
  return {
    ...frame,
    times: [...frame.times.slice(1), frame.times[frame.times.length - 1]! + frame.step],
    series: frame.series.map((one) => {
      const last = one.values[one.values.length - 1] ?? 50;
      return { ...one, values: [...one.values.slice(1), Math.max(0, last + (random() - 0.5) * 6)] };
    }),
  };
}
