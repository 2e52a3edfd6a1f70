/** Series of a metric on a day, as `cardinality/history` tells it; an empty metric is all together. */
export interface DayCount {
  /** `2026-11-26`, UTC. */
  readonly day: string;
  readonly metric: string;
  readonly series: number;
}

/** How a metric's series changed since the day before and since the first day known. */
export interface MetricChange {
  readonly metric: string;
  readonly now: number;
  /** Null where the metric was not among the largest then. */
  readonly dayBefore: number | null;
  readonly first: number | null;
  /** Since the day before; as if from nothing where it was not among the largest. */
  readonly change: number;
}

/** Metrics by how much they grew since the day before, most first. */
export function dailyChanges(history: readonly DayCount[]): MetricChange[] {
  const days = [...new Set(history.map(({ day }) => day))].toSorted();
  const today = days.at(-1);
  if (today === undefined) return [];
  const counts = new Map(history.map(({ day, metric, series }) => [`${day} ${metric}`, series]));
  const at = (day: string | undefined, metric: string): number | null => counts.get(`${day} ${metric}`) ?? null;
  return history
    .filter(({ day, metric }) => day === today && metric !== '')
    .map(({ metric, series }) => {
      const dayBefore = days.length < 2 ? null : at(days.at(-2), metric);
      // With one day known nothing has changed that anybody could tell.
      const change = days.length < 2 ? 0 : series - (dayBefore ?? 0);
      return { metric, now: series, dayBefore, first: at(days[0], metric), change };
    })
    .toSorted((a, b) => b.change - a.change || b.now - a.now);
}
