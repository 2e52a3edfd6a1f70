import { useEffect, useMemo } from 'react';

import { useGet } from '../../api/use-get';
import { useRange } from '../../api/use-range';
import { useSame } from '../../api/use-same';
import type { components } from '../../api/types.gen';
import type { Mark } from '../../core/marks';
import { useFrame } from '../../frame/frame-state';
import { useWindow } from '../../frame/use-queries';
import type { Dashboard } from '../model/dashboard';
import type { VariableValues } from '../variables/interpolate';
import { platformAnnotations, promMarks, promSources } from './annotation-marks';

type Annotation = components['schemas']['Annotation'];

/** Marks on one page at most: more hide what they are to explain. */
const marksMax = 200;
const everySeconds = 30;

/** The marks of the dashboard's annotations: the platform's (deploys, incidents, notes) unless it says no, and those of its queries. */
export function useMarks(dashboard: Dashboard, values: VariableValues | null, shown: boolean): readonly Mark[] {
  const window = useWindow();
  const sources = useMemo(() => dashboard.spec.annotations ?? [], [dashboard.spec.annotations]);
  const platform =
    shown && !sources.some((source) => source.plugin.kind === platformAnnotations && source.display?.hidden);
  const kept = useGet<readonly Annotation[]>(
    platform ? 'annotations' : null,
    { start: Math.floor(window.start), limit: marksMax },
    everySeconds,
  );
  const queries = useMemo(
    () => (shown && values ? promSources(sources, values, window) : []),
    [shown, values, sources, window],
  );
  const states = useRange(queries.map(({ source: _source, ...query }) => query));
  const { reload } = kept;
  const { reloads } = useFrame();
  useEffect(() => {
    if (reloads > 0) reload();
  }, [reloads, reload]);
  // The same marks for as long as nothing happens: every chart is drawn anew for others.
  const happened = useSame(kept.data);
  return useMemo(() => {
    const own = (platform ? (happened ?? []) : []).map(platformMark);
    const asked = queries.flatMap(({ id, source }) => promMarks(id, source, states.get(id)));
    return [...own, ...asked].slice(0, marksMax);
  }, [platform, happened, queries, states]);
}

function platformMark({ id, time, timeEnd, kind, title, text }: Annotation): Mark {
  return {
    id,
    time: time / 1000,
    ...(timeEnd === undefined || timeEnd === null ? {} : { timeEnd: timeEnd / 1000 }),
    kind,
    title,
    ...(text ? { text } : {}),
  };
}
