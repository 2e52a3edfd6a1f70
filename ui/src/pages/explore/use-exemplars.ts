import { get } from '../../api/client';
import { useLoaded } from '../../api/use-get';
import type { Labels } from '../../core/frame';
import type { Exemplar } from '../../core/marks';

interface Wire {
  readonly seriesLabels: Labels;
  readonly exemplars: readonly { readonly labels: Labels; readonly value: string; readonly timestamp: number }[];
}

const NONE: readonly Exemplar[] = [];

/** Exemplars of the series that expressions read, in a window; none while `on` is false. A failure leaves the charts without them. */
export function useExemplars(exprs: readonly string[], start: number, end: number, on: boolean): readonly Exemplar[] {
  const key = on && exprs.length > 0 ? JSON.stringify(['exemplars', exprs, start, end]) : null;
  const { data } = useLoaded(key, async (signal) => {
    const answers = await Promise.all(
      exprs.map((query) => get<readonly Wire[]>('query_exemplars', { query, start, end }, signal)),
    );
    return answers.flat().flatMap(({ seriesLabels, exemplars }) =>
      exemplars.map(({ labels, value, timestamp }): Exemplar => ({
        time: timestamp,
        value: Number(value),
        labels,
        series: seriesLabels,
      })),
    );
  });
  return key === null ? NONE : (data ?? NONE);
}
