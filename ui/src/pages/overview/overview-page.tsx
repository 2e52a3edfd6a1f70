import { type ReactNode } from 'react';
import { useLocation, useSearch } from 'wouter';

import { type Sli } from '../../api/types';
import { useGet } from '../../api/use-get';
import { withFilter } from '../../core/filters';
import { DRILL_LABELS, type DrillLabel, nextDrill } from '../../core/sli';
import { useFrame } from '../../frame/frame-state';
import { RegionMap } from './region-map';
import classes from './overview.module.css';
import { SliDetail } from './sli-detail';
import { SliGrid } from './sli-grid';
import { SliTiles } from './sli-tiles';
import { keepShape, keptShape, type Shape, shapeOf, SHAPES } from './shape';
import { useBoard, WORST_MAX } from './use-board';

const NO_SLIS: readonly Sli[] = [];

interface Choice {
  readonly by: DrillLabel;
  readonly sli: string | null;
  readonly shape: Shape;
  readonly choose: (change: Record<string, string>) => void;
}

/** What of the URL is the overview's own: the label of the rows, whether regions are a map, and the SLI below them. */
function useChoice(): Choice {
  const search = useSearch();
  const [, navigate] = useLocation();
  const params = new URLSearchParams(search);
  const by = DRILL_LABELS.find((label) => label === params.get('by')) ?? 'region';
  const choose = (change: Record<string, string>): void => {
    const next = new URLSearchParams(window.location.search);
    for (const [name, value] of Object.entries(change)) next.set(name, value);
    if (change.show !== undefined) keepShape(change.show);
    navigate(`/?${next.toString()}`);
  };
  return { by, sli: params.get('sli'), shape: shapeOf(params.get('show') ?? keptShape()), choose };
}

/** What players feel, now and where; a click on a row goes one level down and keeps the filter. */
export default function OverviewPage(): ReactNode {
  const { filters, href } = useFrame();
  const [, navigate] = useLocation();
  const { by, sli: name, shape, choose } = useChoice();
  const { data, error, loading } = useGet<Sli[]>('schema/slis');
  const slis = data ?? NO_SLIS;
  const board = useBoard(slis, by, name);
  const { chosen } = board;
  const next = nextDrill(by, filters);
  const drillWords = next === null ? 'Its dashboard' : `Only this, by ${next}`;
  const drill = (value: string): void => {
    const narrowed = withFilter(filters, by, [value]);
    // At the bottom there is a server: what explains it is on its own dashboard.
    if (next === null) navigate(href('/d/server', { 'var-server': value }));
    else {
      const params = new URLSearchParams(window.location.search);
      params.set('by', next);
      for (const label of Object.keys(narrowed)) params.delete(`f-${label}`);
      for (const [label, values] of Object.entries(narrowed))
        for (const one of values) params.append(`f-${label}`, one);
      navigate(`/?${params.toString()}`);
    }
  };
  return (
    <>
      <h1 className={classes.heading}>What players feel</h1>
      {error !== null && (
        <p role="alert">
          The SLIs could not be read: {error.message}.{error.status === 404 && ' This server has no schema with SLIs.'}
        </p>
      )}
      {!loading && error === null && slis.length === 0 && (
        <p>The schema of this server has no SLIs: add a section slis to it, and they show here.</p>
      )}
      {slis.length > 0 && (
        <>
          <SliTiles board={board} chosen={chosen?.name ?? null} onChoose={(sli) => choose({ sli })} />
          <div className={classes.bar} role="group" aria-label="Rows by">
            {DRILL_LABELS.map((label) => (
              <button
                key={label}
                type="button"
                className={classes.tab}
                aria-pressed={label === by}
                onClick={() => choose({ by: label })}
              >
                {label}
              </button>
            ))}
            {by === 'server' && (
              <span className={classes.dim}>
                The {WORST_MAX} worst by {chosen?.title.toLowerCase()}
              </span>
            )}
            {by === 'region' && (
              <span className={classes.shapes} role="group" aria-label="Regions as">
                {SHAPES.map((one) => (
                  <button
                    key={one}
                    type="button"
                    className={classes.tab}
                    aria-pressed={one === shape}
                    onClick={() => choose({ show: one })}
                  >
                    {one}
                  </button>
                ))}
              </span>
            )}
          </div>
          {by === 'region' && shape === 'map' ? (
            <RegionMap board={board} onDrill={drill} drillWords={drillWords} />
          ) : (
            <SliGrid board={board} waits={board.waits} onDrill={drill} drillWords={drillWords} />
          )}
          {chosen !== undefined && (
            <div className={classes.detail}>
              <SliDetail board={board} sli={chosen} />
            </div>
          )}
        </>
      )}
    </>
  );
}
