import { type ReactNode, useEffect, useMemo, useState } from 'react';

import { type ApiError } from '../../api/client';
import { serverNow } from '../../api/clock';
import { PanelFrame } from '../../charts/panel-frame';
import { TimeSeriesChart } from '../../charts/time-series-chart';
import { panelState } from '../../core/panel-state';
import { sliRows, sliThresholds, worst } from '../../core/sli';
import { timeText, zoneText } from '../../core/zone';
import { useFrame } from '../../frame/frame-state';
import { useFreshness } from '../../frame/freshness-badge';
import { LevelMark } from '../../frame/level-mark';
import { type Board, framesOf } from '../overview/board';
import { SliGrid } from '../overview/sli-grid';
import { SliTiles } from '../overview/sli-tiles';
import { useSliData } from '../overview/use-sli-data';
import classes from './wall.module.css';

function Clock(): ReactNode {
  const { zone } = useFrame();
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    const timer = setInterval(() => setNow(serverNow()), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <time className={classes.clock} data-clock>
      {timeText(now, zone, 'clock-seconds')} <span className={classes.dim}>{zoneText(zone, now)}</span>
    </time>
  );
}

/** The SLI that is worst now, over time: what a room asks for next. Nothing to press: its numbers are in the grid as well. The first of equals, so that it stays. */
function WallChart({ board }: { readonly board: Board }): ReactNode {
  const { zone } = useFrame();
  const rows = sliRows(board.slis, board.by, framesOf(board.rows));
  const levels = board.slis.map(({ name }) => worst(rows.map(({ cells }) => cells.get(name)?.level ?? 'none')));
  const sli = board.slis[levels.indexOf(worst(levels))];
  const state = sli === undefined ? undefined : board.rows.get(sli.name);
  const data = useSliData(sli?.name ?? '', state?.frame ?? null, board.by);
  const thresholds = useMemo(() => (sli === undefined ? [] : sliThresholds(sli)), [sli]);
  if (sli === undefined || state === undefined) return null;
  return (
    <div className={classes.chart} inert>
      <PanelFrame title={`${sli.title} by ${board.by}`} unit={sli.unit} state={panelState([state])}>
        <TimeSeriesChart
          data={data}
          unit={sli.unit}
          label={sli.title}
          zone={zone}
          thresholds={thresholds}
          legend={['last']}
        />
      </PanelFrame>
    </div>
  );
}

/** A board to be read from across a room, with a line that says whether it can be believed. */
export function Wall(props: {
  readonly board: Board;
  readonly title: string;
  readonly error: ApiError | null;
  /** Said at the foot: until when a link holds. */
  readonly foot?: string;
}): ReactNode {
  const { board, title, error, foot } = props;
  const { level, text, details } = useFreshness();
  return (
    <main className={classes.wall} data-freshness={level}>
      <header className={classes.head}>
        <h1 className={classes.title}>{title}</h1>
        <span className={classes.fresh} data-level={level} role="status">
          <LevelMark level={level} size={18} label="" />
          {text}
        </span>
        <Clock />
      </header>
      {level === 'bad' && (
        <p className={classes.away} role="alert">
          {details[0]}
        </p>
      )}
      {error !== null && (
        <p className={classes.away} role="alert">
          {error.message}
        </p>
      )}
      {board.slis.length > 0 && (
        <>
          <SliTiles board={board} chosen={null} />
          <SliGrid board={board} />
          <WallChart board={board} />
        </>
      )}
      {foot !== undefined && <footer className={classes.dim}>{foot}</footer>}
    </main>
  );
}
