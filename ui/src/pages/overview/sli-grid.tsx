import { memo, type ReactNode } from 'react';

import { type Sli } from '../../api/types';
import { type SliCell, type SliRow, sliRows } from '../../core/sli';
import { valueParts } from '../../core/value-text';
import { LEVEL_WORDS, LevelMark } from '../../frame/level-mark';
import { type Board, emptyWords, framesOf } from './board';
import classes from './overview.module.css';
import { Sparkline } from './sparkline';
import { useReadingWords } from './use-reading-words';

interface CellProps {
  readonly sli: Sli;
  readonly cell: SliCell | undefined;
  /** What its reading says besides its value; empty of a fresh one. */
  readonly words: string;
}

const Cell = memo(
  function Cell({ sli, cell, words }: CellProps): ReactNode {
    if (cell === undefined) return <span className={classes.cell}>–</span>;
    const plain = sli.warn === null && sli.bad === null;
    const { state, value } = cell.reading;
    return (
      <span className={classes.cell} data-level={plain ? undefined : cell.level} data-reading={state}>
        {!plain && <LevelMark level={cell.level} />}
        {(state === 'fresh' || state === 'late') && (
          <span className={classes.cellValue}>{valueParts(value, sli.unit).number}</span>
        )}
        {words === '' ? (
          <span className={classes.cellCourse}>
            <Sparkline values={cell.course} width={72} height={18} />
          </span>
        ) : (
          <span className={classes.cellWords}>{words}</span>
        )}
      </span>
    );
  },
  (a, b) =>
    a.sli === b.sli &&
    a.words === b.words &&
    a.cell?.reading.value === b.cell?.reading.value &&
    a.cell?.course === b.cell?.course,
);

function Row(props: {
  row: SliRow;
  by: string;
  slis: readonly Sli[];
  onDrill: ((name: string) => void) | undefined;
  drillWords: string;
}): ReactNode {
  const { row, by, slis, onDrill } = props;
  const words = useReadingWords();
  const named = row.name === '' ? `no ${by}` : row.name;
  const mark = <LevelMark level={row.level} label={`${named}: ${LEVEL_WORDS[row.level]}`} />;
  return (
    <tr data-row={row.name}>
      <th scope="row">
        {onDrill === undefined ? (
          <span className={classes.rowName}>
            {mark} {named}
          </span>
        ) : (
          <button type="button" className={classes.rowName} title={props.drillWords} onClick={() => onDrill(row.name)}>
            {mark} {named}
          </button>
        )}
      </th>
      {slis.map((sli) => (
        <td key={sli.name}>
          <Cell sli={sli} cell={row.cells.get(sli.name)} words={words(row.cells.get(sli.name)?.reading)} />
        </td>
      ))}
    </tr>
  );
}

/** A row for each value of the board's label, a column for each SLI. A row's name leads one level down. */
export function SliGrid(props: {
  readonly board: Board;
  readonly onDrill?: ((name: string) => void) | undefined;
  /** Which rows there are is not known yet. */
  readonly waits?: boolean;
  /** What a click on a row's name does, in words. */
  readonly drillWords?: string;
}): ReactNode {
  const { board, onDrill, drillWords = '' } = props;
  const rows = sliRows(board.slis, board.by, framesOf(board.rows));
  const failed = board.slis.filter(({ name }) => board.rows.get(name)?.error != null);
  return (
    <div className={classes.gridBox} role="region" aria-label={`SLIs by ${board.by}`} tabIndex={0}>
      <table className={classes.grid}>
        <thead>
          <tr>
            <th scope="col">{board.by}</th>
            {board.slis.map((sli) => (
              <th key={sli.name} scope="col" title={board.rows.get(sli.name)?.error?.message ?? sli.help}>
                {sli.title}
                <span className={classes.headUnit}> {valueParts(null, sli.unit).words}</span>
                {failed.includes(sli) && <span className={classes.failed}> failed</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={row.name} row={row} by={board.by} slis={board.slis} onDrill={onDrill} drillWords={drillWords} />
          ))}
          {rows.length === 0 && (
            <tr>
              <td colSpan={board.slis.length + 1} className={classes.nothing}>
                {emptyWords(board, props.waits ?? false)}
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}
