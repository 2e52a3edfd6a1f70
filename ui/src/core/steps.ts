/** Arithmetic of steps: how far apart points are asked for, and the windows that go with it. All in seconds. */

const NICE = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

/** Bounds of the server: points of a series in one range query. */
export const STEPS_MAX = 11_000;

/**
 * A step for a range drawn over `width` CSS pixels: no more points than there are pixels to tell them apart (two each), never below
 * `least` (how often the data comes), and one of few values, so that people at screens of near sizes share the server's kept results.
 */
export function stepFor(rangeSeconds: number, width: number, least = 1): number {
  const wanted = Math.max(least, (rangeSeconds / Math.max(1, width)) * 2, rangeSeconds / STEPS_MAX);
  const nice = NICE.find((step) => step >= wanted - 1e-9);
  return nice ?? Math.ceil(wanted / 86_400) * 86_400;
}

/** What `$__rate_interval` stands for: four scrapes, so that a rate has two samples even when one is lost; longer with the step. */
export function rateInterval(step: number, scrape = 15): number {
  return Math.max(step + scrape, scrape * 4);
}

/** The range with its ends moved outwards to multiples of `step`, as the server's cache and its live steps lie. */
export function alignRange(from: number, to: number, step: number): { from: number; to: number } {
  return { from: Math.floor(from / step) * step, to: Math.ceil(to / step) * step };
}
