import { useEffect, useMemo } from 'react';

import { type Annotation } from '../api/types';
import { useGet } from '../api/use-get';
import { useSame } from '../api/use-same';
import { type Filters } from '../core/filters';
import { type Mark } from '../core/marks';
import { useFrame } from './frame-state';
import { useWindow } from './use-queries';

/** How often new ones are asked for, in seconds. */
const EVERY_S = 30;

/** True unless the filters rule out what an annotation is about: one about no region is about all. */
function concerns(filters: Filters, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(filters).every(([label, values]) => {
    const about = labels[label];
    return about === undefined || values.length === 0 || values.includes(about);
  });
}

/** Deploys, incidents and notes of the frame's range that go with its filters, as marks of charts. */
export function useAnnotations(): readonly Mark[] {
  const { filters, reloads } = useFrame();
  const { start, end } = useWindow();
  // On whole minutes: what is asked stays the same while the window moves by seconds.
  const params = { start: Math.floor(start / 60) * 60, limit: 500, end: Math.ceil(end / 60) * 60 + 86_400 };
  // The same list for as long as nothing happens: charts are drawn anew for another one.
  const { data: latest, reload } = useGet<Annotation[]>('annotations', params, EVERY_S);
  useEffect(() => {
    if (reloads > 0) reload();
  }, [reloads, reload]);
  const data = useSame(latest);
  return useMemo(
    () =>
      (data ?? [])
        .filter(({ labels }) => concerns(filters, labels))
        .map(({ id, time, timeEnd, kind, title, text }) => ({
          id,
          time: time / 1000,
          ...(timeEnd === undefined ? {} : { timeEnd: timeEnd / 1000 }),
          kind,
          title,
          text,
        })),
    [data, filters],
  );
}
