import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef, useState } from 'react';

import { type Box, placed } from '../edit/grid';
import { gridColumns } from '../model/dashboard';
import classes from './dashboard.module.css';
import type { ShownPanel } from './sections';

/** Pixels from one grid row to the next: its height and the gap. As in dashboard.module.css. */
export const rowPitch = 38;

export interface GridProps {
  readonly panels: readonly ShownPanel[];
  readonly observe: (id: string) => (element: Element | null) => void;
  readonly render: (shown: ShownPanel, controls: ReactNode) => ReactNode;
  /** Where a panel was put; left out while nothing is edited. */
  readonly onPlace?: ((shown: ShownPanel, box: Box) => void) | undefined;
}

interface Moving {
  readonly id: string;
  readonly how: 'move' | 'resize';
  readonly fromX: number;
  readonly fromY: number;
  readonly box: Box;
  readonly start: Box;
}

/** The panels of a section in their places. While it is edited they are moved by a grip and resized by a corner, or by keys. */
export function DashboardGrid({ panels, observe, render, onPlace }: GridProps): ReactNode {
  const grid = useRef<HTMLDivElement>(null);
  const [moving, setMoving] = useState<Moving | null>(null);
  const [said, setSaid] = useState('');
  const index = moving ? panels.findIndex((panel) => panel.id === moving.id) : -1;
  const shown = moving && index >= 0 ? placed(panels, index, moving.box) : panels;

  const begin = (panel: ShownPanel, how: Moving['how']) => (event: PointerEvent) => {
    if (event.button !== 0) return;
    event.preventDefault();
    event.currentTarget.setPointerCapture(event.pointerId);
    (event.currentTarget as HTMLElement).focus();
    setMoving({ id: panel.id, how, fromX: event.clientX, fromY: event.clientY, box: panel, start: panel });
  };
  const move = (event: PointerEvent) => {
    if (!moving || !grid.current) return;
    const columnPitch = (grid.current.clientWidth + 8) / gridColumns;
    const right = Math.round((event.clientX - moving.fromX) / columnPitch);
    const down = Math.round((event.clientY - moving.fromY) / rowPitch);
    setMoving({ ...moving, box: changed(moving.start, moving.how, right, down) });
  };
  const end = (panel: ShownPanel) => () => {
    if (moving && !sameBox(moving.box, moving.start)) onPlace?.(panel, moving.box);
    setMoving(null);
  };
  const key = (panel: ShownPanel) => (event: KeyboardEvent) => {
    if (event.key === 'Escape') return setMoving(null);
    const step = steps[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const box = changed(panel, event.shiftKey ? 'resize' : 'move', step[0], step[1]);
    onPlace?.(panel, box);
    setSaid(`Column ${box.x + 1}, row ${box.y + 1}, ${box.width} wide, ${box.height} high`);
  };
  const handlers = (panel: ShownPanel, how: Moving['how']) => ({
    onPointerDown: begin(panel, how),
    onPointerMove: move,
    onPointerUp: end(panel),
    onPointerCancel: () => setMoving(null),
    onKeyDown: key(panel),
  });

  return (
    <div ref={grid} className={`${classes.grid} ${onPlace ? classes.gridEditing : ''}`}>
      {shown.map((panel) => {
        const title = panel.panel.spec.display?.name ?? panel.panelKey;
        return (
          <div
            key={panel.id}
            ref={observe(panel.id)}
            data-panel={panel.panelKey}
            className={`${classes.cell} ${onPlace ? classes.cellEditing : ''} ${panel.id === moving?.id ? classes.cellMoving : ''}`}
            style={{
              gridColumn: `${panel.x + 1} / span ${panel.width}`,
              gridRow: `${panel.y + 1} / span ${panel.height}`,
              // For narrow screens, where panels stand below each other in no grid.
              ['--rows' as string]: panel.height,
            }}
          >
            {render(
              panels.find((each) => each.id === panel.id) ?? panel,
              onPlace && (
                <button
                  type="button"
                  className={classes.grip}
                  aria-label={`Move ${title}: arrow keys move, with shift they resize`}
                  title="Drag, or arrow keys; with shift they resize"
                  {...handlers(panel, 'move')}
                >
                  <svg width="10" height="14" viewBox="0 0 10 14" fill="currentColor" aria-hidden>
                    {[2, 7, 12].flatMap((y) => [2, 8].map((x) => <circle key={`${x} ${y}`} cx={x} cy={y} r="1.4" />))}
                  </svg>
                </button>
              ),
            )}
            {onPlace && (
              <button
                type="button"
                tabIndex={-1}
                className={classes.corner}
                aria-label={`Resize ${title}`}
                {...handlers(panel, 'resize')}
              />
            )}
          </div>
        );
      })}
      <span className={classes.quiet} role="status">
        {said}
      </span>
    </div>
  );
}

const steps: Readonly<Record<string, readonly [right: number, down: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

function changed(box: Box, how: Moving['how'], right: number, down: number): Box {
  const { x, y, width, height } = box;
  if (how === 'resize') {
    return { x, y, width: clamp(width + right, 2, gridColumns - x), height: clamp(height + down, 2, 60) };
  }
  return { x: clamp(x + right, 0, gridColumns - width), y: Math.max(0, y + down), width, height };
}

function sameBox(a: Box, b: Box): boolean {
  return a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
