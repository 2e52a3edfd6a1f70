import { useElementSize } from '@mantine/hooks';
import { type ReactNode, useMemo } from 'react';

import { useSame } from '../../api/use-same';
import { useFrame } from '../../frame/frame-state';
import { useWindow } from '../../frame/use-queries';
import { parseDuration } from '../../core/durations';
import type { Panel } from '../model/dashboard';
import { type ResolvedVariable, valuesOf } from '../variables/resolve';
import { PanelCard } from './panel-card';
import { askedQueries } from './panel-queries';
import { usePanelStates } from './use-panel-states';

/** One panel by itself, asked under names of its own: what a person sees while it is edited. */
export function PanelPreview({
  panel,
  variables,
}: {
  readonly panel: Panel;
  readonly variables: readonly ResolvedVariable[];
}): ReactNode {
  const { refresh } = useFrame();
  const { start, end } = useWindow();
  const { ref, width } = useElementSize();
  const values = useMemo(() => valuesOf(variables), [variables]);
  const shown = useMemo(
    () => ({
      id: 'preview',
      panelKey: 'preview',
      panel,
      x: 0,
      y: 0,
      width: 24,
      height: 10,
      scope: {},
      layout: 0,
      item: 0,
    }),
    [panel],
  );
  const seconds = (refresh === null ? null : parseDuration(refresh)) ?? 0;
  const queries = useSame(width === 0 ? [] : askedQueries(shown, values, { from: start, to: end }, width, seconds));
  const states = usePanelStates(queries);
  return (
    <div ref={ref} style={{ display: 'grid', flex: 1, minWidth: 0 }}>
      <PanelCard
        shown={shown}
        values={width === 0 ? null : values}
        queries={queries}
        states={states}
        marks={noMarks}
        seen
      />
    </div>
  );
}

const noMarks: readonly never[] = [];
