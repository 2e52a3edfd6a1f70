import { Menu } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { Link } from 'wouter';

import { type ChartPoint } from '../charts/props';
import { FILTER_LABELS, withFilter } from '../core/filters';
import { type Labels } from '../core/frame';
import { type Mark } from '../core/marks';
import { fixedWindow } from '../core/time-range';
import { timeText } from '../core/zone';
import { useFrame } from './frame-state';

/** On each side of a point: what is looked at to explain it, in seconds. */
const AROUND_S = 300;
/** Annotations listed. */
const MARKS_MAX = 5;

/** Marks that touch the time around a point, the nearest first. */
function near(marks: readonly Mark[], time: number): readonly Mark[] {
  const distance = ({ time: from, timeEnd }: Mark): number =>
    time < from ? from - time : Math.max(0, time - (timeEnd ?? from));
  return marks
    .filter((mark) => distance(mark) <= AROUND_S * 3)
    .toSorted((a, b) => distance(a) - distance(b))
    .slice(0, MARKS_MAX);
}

/** What a menu is opened on, and the menu: give `onPoint` to a chart and put `menu` beside it. */
export interface PointMenu {
  readonly onPoint: (point: ChartPoint) => void;
  readonly menu: ReactNode;
}

/**
 * The menu of a pressed point: from what is seen to what explains it. `explore` gives the PromQL of a series; `marks` are
 * those of the chart. Pages of later issues (logs, traces, incidents) add their links here.
 */
export function usePointMenu(explore: (labels: Labels) => string | null, marks: readonly Mark[]): PointMenu {
  const { filters, setFilters, setRange, href, zone } = useFrame();
  const [point, setPoint] = useState<ChartPoint | null>(null);
  const close = (): void => setPoint(null);
  const labels = point?.series?.labels ?? {};
  const expr = point?.series == null ? null : explore(labels);
  const narrowing = FILTER_LABELS.filter((label) => labels[label] !== undefined && filters[label]?.length !== 1);
  const menu = (
    <Menu
      opened={point !== null}
      onChange={(opened) => !opened && close()}
      position="bottom-start"
      shadow="md"
      withInitialFocusPlaceholder={false}
      // Not by a key outside of it, as Mantine has it: the Enter that opens the menu would close it where motion is reduced.
      clickOutsideEvents={['mousedown', 'touchstart']}
      returnFocus
    >
      <Menu.Target>
        <span aria-hidden style={{ position: 'fixed', left: point?.x ?? 0, top: point?.y ?? 0, width: 1, height: 1 }} />
      </Menu.Target>
      <Menu.Dropdown aria-label="What explains this point">
        {point !== null && (
          <>
            <Menu.Label>
              {point.series?.name ?? 'All'} at {timeText(point.time, zone)}
            </Menu.Label>
            {expr !== null && (
              <Menu.Item component={Link} href={href('/explore', { expr })}>
                Explore this series
              </Menu.Item>
            )}
            {labels.server !== undefined && (
              <Menu.Item component={Link} href={href('/d/server', { 'var-server': labels.server })}>
                Server {labels.server}
              </Menu.Item>
            )}
            <Menu.Item onClick={() => setRange(fixedWindow(point.time - AROUND_S, point.time + AROUND_S))}>
              Ten minutes around it
            </Menu.Item>
            {narrowing.map((label) => (
              <Menu.Item key={label} onClick={() => setFilters(withFilter(filters, label, [labels[label]!]))}>
                Only {label} {labels[label]}
              </Menu.Item>
            ))}
            <Menu.Divider />
            <Menu.Label>What happened around then</Menu.Label>
            {near(marks, point.time).map(({ id, kind, title, time }) => (
              <Menu.Item key={id} onClick={() => setRange(fixedWindow(time - AROUND_S, time + AROUND_S))}>
                {timeText(time, zone, 'clock-seconds')} {kind}: {title}
              </Menu.Item>
            ))}
            {near(marks, point.time).length === 0 && <Menu.Item disabled>No deploy, incident or note</Menu.Item>}
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
  return { onPoint: setPoint, menu };
}
