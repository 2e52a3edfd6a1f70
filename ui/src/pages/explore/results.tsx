import { useMemo } from 'react';

import { HeatmapChart } from '../../charts/heatmap-chart';
import { PanelFrame } from '../../charts/panel-frame';
import { TableChart } from '../../charts/table-chart';
import { TimeSeriesChart } from '../../charts/time-series-chart';
import { panelCsv, tableCsv } from '../../core/csv';
import type { ExploreState } from '../../core/explore-state';
import { observedUnit } from '../../core/expression';
import type { QueryState } from '../../core/frame';
import { panelData, type PanelData } from '../../core/panel-data';
import { panelState } from '../../core/panel-state';
import { latestTable } from '../../core/table';
import { fixedWindow } from '../../core/time-range';
import { serverNow } from '../../api/clock';
import { useFrame } from '../../frame/frame-state';
import { usePointMenu } from '../../frame/point-menu';
import { useAnnotations } from '../../frame/use-annotations';
import { useInstant } from './use-instant';
import { StatsLines } from './stats-lines';
import { useExemplars } from './use-exemplars';

/** A query as it is asked. */
export interface Asked {
  readonly id: string;
  readonly expr: string;
}

interface ResultProps {
  readonly asked: readonly Asked[];
  readonly states: ReadonlyMap<string, QueryState>;
  readonly explore: ExploreState;
  readonly unit: string | undefined;
  readonly window: { readonly start: number; readonly end: number };
  /** True when the window moves with the clock. */
  readonly live: boolean;
  /** Seconds between points. */
  readonly step: number;
}

function useData(asked: readonly Asked[], states: ReadonlyMap<string, QueryState>): PanelData {
  return useMemo(
    () => panelData(asked.map(({ id }) => ({ id, frame: states.get(id)?.frame ?? null }))),
    [asked, states],
  );
}

/** The window drawn: a live one ends at its latest point. */
function drawnRange(data: PanelData, { window, live }: ResultProps): { from: number; to: number } {
  const last = data.times[data.times.length - 1];
  if (!live || last === undefined) return { from: window.start, to: window.end };
  return { from: last - (window.end - window.start), to: last };
}

/** A point's own series is explored already. */
const nowhere = (): null => null;

/** Lines over time. */
export function GraphResult(props: ResultProps) {
  const { asked, states, explore, unit, window } = props;
  const { zone, setRange } = useFrame();
  const data = useData(asked, states);
  const marks = useAnnotations();
  const { onPoint, menu } = usePointMenu(nowhere, marks);
  const exemplars = useExemplars(
    asked.map(({ expr }) => expr),
    window.start,
    props.live ? Math.ceil(serverNow() / 60) * 60 : window.end,
    explore.exemplars,
  );
  return (
    <>
      <PanelFrame
        title="Graph"
        unit={unit}
        state={panelState([...states.values()])}
        csv={() => panelCsv(data)}
        controls={menu}
      >
        <TimeSeriesChart
          data={data}
          label="Graph"
          unit={unit}
          zone={zone}
          scale={explore.scale}
          stacked={explore.stacked ? 'sums' : 'none'}
          drawing={explore.stacked ? 'area' : 'line'}
          range={drawnRange(data, props)}
          exemplars={exemplars}
          marks={marks}
          onPoint={onPoint}
          syncKey="explore"
          onZoom={(from, to) => setRange(fixedWindow(Math.round(from), Math.round(to)))}
        />
      </PanelFrame>
      <StatsLines asked={asked} states={states} live={props.live ? { ...window, step: props.step } : null} />
    </>
  );
}

/** Counts by time and value. */
export function HeatmapResult(props: ResultProps) {
  const { asked, states, explore } = props;
  const { zone, setRange } = useFrame();
  const data = useData(asked.slice(0, 1), states);
  const unit = explore.unit ?? observedUnit(asked[0]?.expr ?? '');
  const state = panelState(asked.slice(0, 1).flatMap(({ id }) => states.get(id) ?? []));
  const spread = data.series.some((one) => one.histograms !== undefined || one.labels.le !== undefined);
  const refused = {
    ...state,
    phase: 'failed' as const,
    errors: [
      {
        type: 'no histogram',
        message:
          'A heatmap needs native histograms, or buckets: sum by (le) (rate(game_tick_duration_seconds_bucket[1m])).',
      },
    ],
  };
  return (
    <>
      <PanelFrame
        title={asked.length > 1 ? 'Heatmap of A' : 'Heatmap'}
        unit={unit}
        state={state.phase === 'ready' && !spread ? refused : state}
        csv={() => panelCsv(data)}
      >
        <HeatmapChart
          data={data}
          label="Heatmap"
          unit={unit}
          zone={zone}
          range={drawnRange(data, props)}
          syncKey="explore"
          onZoom={(from, to) => setRange(fixedWindow(Math.round(from), Math.round(to)))}
        />
      </PanelFrame>
      <StatsLines
        asked={asked.slice(0, 1)}
        states={states}
        live={props.live ? { ...props.window, step: props.step } : null}
      />
    </>
  );
}

/** The values at the end of the window. */
export function TableResult({
  asked,
  window,
  live,
  unit,
  every,
}: Omit<ResultProps, 'states' | 'explore' | 'step'> & { readonly every: number | null }) {
  const { zone, reloads } = useFrame();
  const states = useInstant(asked, live ? null : window.end, live ? every : null, reloads);
  const data = useData(asked, states);
  const table = useMemo(() => latestTable(data, unit), [data, unit]);
  return (
    <>
      <PanelFrame
        title={table.rows.length === 0 ? 'Table' : `Table, ${table.rows.length.toLocaleString('en')} rows`}
        unit={unit}
        state={panelState([...states.values()])}
        csv={() => tableCsv(table)}
      >
        <TableChart table={table} label="Table" zone={zone} />
      </PanelFrame>
      <StatsLines asked={asked} states={states} live={null} />
    </>
  );
}
