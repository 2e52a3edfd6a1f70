import { type KeyboardEvent, type ReactNode, useMemo, useRef } from 'react';

import { useSame } from '../../api/use-same';
import { layLabels, MAP_HEIGHT, MAP_WIDTH, neighbour } from '../../core/map-layout';
import { placeOf } from '../../core/regions';
import { type SliRow, sliRows, worstSli } from '../../core/sli';
import { valueParts } from '../../core/value-text';
import { LEVEL_WORDS, LevelMark } from '../../frame/level-mark';
import { type Board, emptyWords, framesOf } from './board';
import classes from './region-map.module.css';
import { useReadingWords } from './use-reading-words';
import { WORLD_PATH } from './world';

/** Room of a label on the map, in degrees: about 120 by 34 pixels on a page of common width. */
const LABEL = { width: 44, height: 12.5 };
/** Labels that the map can hold; further regions stand below it. */
const PLACED_MAX = 40;

interface RegionMapProps {
  readonly board: Board;
  readonly onDrill: (name: string) => void;
  /** What a click does, in words. */
  readonly drillWords: string;
}

/** The worst that is felt in each region, where it lies; regions whose names say no place stand below. */
export function RegionMap({ board, onDrill, drillWords }: RegionMapProps): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const rows = sliRows(board.slis, board.by, framesOf(board.rows));
  const names = useSame(rows.map(({ name }) => name));
  const labels = useMemo(() => {
    const placed = names.flatMap((name) => {
      const place = placeOf(name);
      return place === null ? [] : [{ name, place }];
    });
    return layLabels(placed.slice(0, PLACED_MAX), LABEL);
  }, [names]);
  const onMap = new Set(labels.map(({ name }) => name));
  const elsewhere = rows.filter(({ name }) => !onMap.has(name));
  const byName = new Map(rows.map((row) => [row.name, row]));
  const walk = (event: KeyboardEvent, from: string): void => {
    const to = neighbour(labels, from, event.key);
    if (to === null) return;
    event.preventDefault();
    box.current?.querySelector<HTMLElement>(`[data-region="${CSS.escape(to)}"]`)?.focus();
  };
  const chip = (row: SliRow): ReactNode => (
    <RegionChip row={row} board={board} onDrill={onDrill} drillWords={drillWords} onKeyDown={walk} />
  );
  return (
    <section className={classes.box} aria-label="Map of regions">
      <div className={classes.map} ref={box}>
        <svg viewBox={`0 0 ${MAP_WIDTH} ${MAP_HEIGHT}`} className={classes.world} aria-hidden>
          <path d={WORLD_PATH} className={classes.land} />
          {labels.map(({ name, at, label }) => (
            <line key={name} className={classes.lead} x1={at.x} y1={at.y} x2={label.x + 2} y2={label.y} />
          ))}
          {labels.map(({ name, at }) => (
            <circle key={name} className={classes.place} cx={at.x} cy={at.y} r={1.2} />
          ))}
        </svg>
        {labels.map(({ name, label }) => {
          const row = byName.get(name);
          const [left, top] = [`${(100 * label.x) / MAP_WIDTH}%`, `${(100 * label.y) / MAP_HEIGHT}%`];
          return row === undefined ? null : (
            <div key={name} className={classes.placed} style={{ left, top }}>
              {chip(row)}
            </div>
          );
        })}
        {rows.length === 0 && <p className={classes.nothing}>{emptyWords(board, false)}</p>}
      </div>
      {elsewhere.length > 0 && (
        <div className={classes.elsewhere} role="group" aria-label="Not on the map">
          <span className={classes.dim}>Not on the map:</span>
          {elsewhere.map((row) => (
            <div key={row.name}>{chip(row)}</div>
          ))}
        </div>
      )}
    </section>
  );
}

/** A region: its level by shape and colour, its name, and what is worst there. */
function RegionChip(props: {
  readonly row: SliRow;
  readonly board: Board;
  readonly onDrill: (name: string) => void;
  readonly drillWords: string;
  readonly onKeyDown: (event: KeyboardEvent, from: string) => void;
}): ReactNode {
  const { row, board, drillWords } = props;
  const readingWords = useReadingWords();
  const name = row.name === '' ? `no ${board.by}` : row.name;
  const sli = worstSli(board.slis, row);
  const value = sli === undefined ? null : row.cells.get(sli.name)!.reading.value;
  // Of what is good nobody asks which part of it is least so.
  const worst = sli === undefined || row.level === 'ok' ? '' : `${sli.title} ${valueParts(value, sli.unit).number}`;
  const silent = readingWords(row.silent);
  // That nobody sends any more goes before what was sent last.
  const said = silent === '' ? worst : silent;
  const unsaid = silent === '' ? '' : worst;
  return (
    <button
      type="button"
      className={classes.chip}
      data-region={row.name}
      data-level={row.level}
      data-silent={row.silent === null ? undefined : row.silent.state}
      title={[drillWords, unsaid].filter((words) => words !== '').join('. ')}
      onClick={() => props.onDrill(row.name)}
      onKeyDown={(event) => props.onKeyDown(event, row.name)}
    >
      <LevelMark level={row.level} label={`${LEVEL_WORDS[row.level]}: `} size={12} />
      <span className={classes.name}>{name}</span>
      {said !== '' && <span className={classes.said}>{said}</span>}
      {unsaid !== '' && <span className={classes.hidden}>{unsaid}</span>}
    </button>
  );
}
