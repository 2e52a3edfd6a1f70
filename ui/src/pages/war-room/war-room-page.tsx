import { type ReactNode, useEffect, useMemo } from 'react';
import { useLocation } from 'wouter';

import { type Sli } from '../../api/types';
import { useGet } from '../../api/use-get';
import { lastSeconds } from '../../core/time-range';
import { FrameContext, useFrame } from '../../frame/frame-state';
import { useBoard } from '../overview/use-board';
import { useWallLife } from './use-wall-life';
import { Wall } from './wall';

/** A wall shows the last half an hour at five seconds, whatever the page before it was set to. */
const WALL_RANGE = lastSeconds(1800);
const WALL_REFRESH = '5s';
const NO_SLIS: readonly Sli[] = [];

function WallBoard(): ReactNode {
  const { filters } = useFrame();
  const { data, error, reload } = useGet<Sli[]>('schema/slis', undefined, 60);
  const board = useBoard(data ?? NO_SLIS, 'region', null);
  const title = Object.values(filters).flat().join(', ');
  useWallLife(reload, data !== null);
  return <Wall board={board} title={title === '' ? 'All regions' : title} error={data === null ? error : null} />;
}

/** The overview for a wall: no controls, large, and never to be looked after. Escape leads back. */
export default function WarRoomPage(): ReactNode {
  const frame = useFrame();
  const [, navigate] = useLocation();
  const walled = useMemo(() => ({ ...frame, range: WALL_RANGE, refresh: WALL_REFRESH }), [frame]);
  const back = frame.href('/');
  useEffect(() => {
    const leave = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') navigate(back);
    };
    window.addEventListener('keydown', leave);
    return () => window.removeEventListener('keydown', leave);
  }, [navigate, back]);
  return (
    <FrameContext value={walled}>
      <WallBoard />
    </FrameContext>
  );
}
