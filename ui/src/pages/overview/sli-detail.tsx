import { type ReactNode, useMemo } from 'react';

import { type Sli } from '../../api/types';
import { PanelFrame } from '../../charts/panel-frame';
import { TimeSeriesChart } from '../../charts/time-series-chart';
import { withFilter } from '../../core/filters';
import { panelState } from '../../core/panel-state';
import { sliQuery, sliThresholds } from '../../core/sli';
import { fixedWindow } from '../../core/time-range';
import { useFrame } from '../../frame/frame-state';
import { useAnnotations } from '../../frame/use-annotations';
import { type Board } from './board';
import { usePointMenu } from '../../frame/point-menu';
import { useSliData } from './use-sli-data';

/** One SLI over time by the board's label, with its limits and what happened meanwhile. */
export function SliDetail({ board, sli }: { readonly board: Board; readonly sli: Sli }): ReactNode {
  const { zone, setRange, href, filters } = useFrame();
  const marks = useAnnotations();
  const state = board.rows.get(sli.name);
  const data = useSliData(sli.name, state?.frame ?? null, board.by);
  const thresholds = useMemo(() => sliThresholds(sli), [sli]);
  const step = data.step === 0 ? 60 : data.step;
  const { onPoint, menu } = usePointMenu((labels) => {
    const value = labels[board.by];
    return sliQuery(sli, [board.by], value === undefined ? filters : withFilter(filters, board.by, [value]), step);
  }, marks);
  return (
    <PanelFrame
      title={`${sli.title} by ${board.by}`}
      description={sli.help}
      unit={sli.unit}
      state={panelState(state === undefined ? [] : [state])}
      exploreHref={href('/explore', { expr: sliQuery(sli, [board.by], filters, step) })}
    >
      <TimeSeriesChart
        data={data}
        unit={sli.unit}
        label={sli.title}
        zone={zone}
        marks={marks}
        thresholds={thresholds}
        onZoom={(from, to) => setRange(fixedWindow(from, to))}
        syncKey="overview"
        onPoint={onPoint}
      />
      {menu}
    </PanelFrame>
  );
}
