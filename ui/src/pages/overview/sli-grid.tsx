import { memo, type ReactNode } from 'react';

import { type Sli } from '../../api/types';
import { type SliCell, type SliRow, sliRows } from '../../core/sli';
import { valueParts } from '../../core/value-text';
import { LEVEL_WORDS, LevelMark } from '../../frame/level-mark';
import { type Board, framesOf } from './board';
import classes from './overview.module.css';
import { Sparkline } from './sparkline';

const Cell = memo(
  function Cell({ sli, cell }: { readonly sli: Sli; readonly cell: SliCell | undefined }): ReactNode {
    if (cell === undefined) return <span className={classes.cell}>–</span>;
    const plain = sli.warn === null && sli.bad === null;
    return (
      <span className={classes.cell} data-level={plain ? undefined : cell.level}>
        {!plain && <LevelMark level={cell.level} />}
        <span className={classes.cellValue}>{valueParts(cell.value, sli.unit).number}</span>
        <span className={classes.cellCourse}>
          <Sparkline values={cell.course} width={72} height={18} />
        </span>
      </span>
    );
  },
  (a, b) => a.sli === b.sli && a.cell?.value === b.cell?.value && a.cell?.course === b.cell?.course,
);

function Row(props: {
  row: SliRow;
  by: string;
  slis: readonly Sli[];
  onDrill: ((name: string) => void) | undefined;
  drillWords: string;
}): ReactNode {
  const { row, by, slis, onDrill } = props;
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
          <Cell sli={sli} cell={row.cells.get(sli.name)} />
        </td>
      ))}
    </tr>
  );
}

/** What stands in the place of rows. */
function empty(board: Board, waits: boolean): string {
  const states = [...board.rows.values()];
  const failed = states.find(({ error }) => error !== null);
  if (states.length > 0 && states.every(({ phase }) => phase === 'failed'))
    return failed?.error?.message ?? 'It failed.';
  if (waits || states.some(({ phase }) => phase === 'loading')) return 'Loading';
  return 'No data in this range with these filters.';
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
                {empty(board, props.waits ?? false)}
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}
