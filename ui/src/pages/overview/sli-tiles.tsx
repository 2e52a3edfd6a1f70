import { memo, type ReactNode } from 'react';

import { type Sli } from '../../api/types';
import { durationWords } from '../../core/durations';
import { type QueryState } from '../../core/frame';
import { NO_READING, type Reading, readingOf } from '../../core/reading';
import { sliLevel } from '../../core/sli';
import { valueParts } from '../../core/value-text';
import { LevelMark } from '../../frame/level-mark';
import { type Board } from './board';
import classes from './overview.module.css';
import { Sparkline } from './sparkline';
import { useReadingWords } from './use-reading-words';

const NOTHING: readonly (number | null)[] = [];

/** What a tile says below its number. */
function note(state: QueryState | undefined, sli: Sli, first: number | null, words: string): string {
  const times = state?.frame?.times ?? [];
  if (state?.error != null) return state.error.message;
  if (state === undefined || state.phase === 'loading') return 'Loading';
  if (state.stale) return 'Not up to date';
  if (state.frame?.series.length === 0) return 'No data in this range';
  if (words !== '') return words[0]!.toUpperCase() + words.slice(1);
  if (first === null || times.length < 2) return sli.help;
  return `${durationWords(times.at(-1)! - times[0]!)} ago ${valueParts(first, sli.unit).number}`;
}

const Tile = memo(function Tile(props: {
  sli: Sli;
  state: QueryState | undefined;
  chosen: boolean;
  onChoose: ((name: string) => void) | undefined;
}): ReactNode {
  const { sli, state, onChoose } = props;
  const frame = state?.frame ?? null;
  const series = frame?.series[0];
  const reading: Reading = frame === null || series === undefined ? NO_READING : readingOf(frame, series);
  const { value } = reading;
  const words = useReadingWords()(reading);
  const first = series?.values[0] ?? null;
  const level = sliLevel(sli, value);
  const plain = sli.warn === null && sli.bad === null;
  const { number, words: unit } = valueParts(value, sli.unit);
  const said = note(state, sli, first, words);
  const inside = (
    <>
      <span className={classes.tileTitle}>
        {!plain && <LevelMark level={level} />}
        <span className={classes.clipped}>
          {sli.title}
          {unit !== '' && <span className={classes.headUnit}> {unit}</span>}
        </span>
      </span>
      <span className={classes.tileValue}>{number}</span>
      <span className={classes.tileCourse}>
        <Sparkline values={series?.values ?? NOTHING} width={160} height={26} />
      </span>
      <span className={classes.tileNote} title={said}>
        {said}
      </span>
    </>
  );
  const shared = {
    className: classes.tile,
    'data-level': plain ? undefined : level,
    'data-stale': state?.stale || undefined,
    'data-reading': reading.state,
    'data-sli': sli.name,
    'data-value': number,
  };
  if (onChoose === undefined) {
    return (
      <div role="group" aria-label={sli.title} {...shared}>
        {inside}
      </div>
    );
  }
  return (
    <button type="button" title={sli.help} aria-pressed={props.chosen} onClick={() => onChoose(sli.name)} {...shared}>
      {inside}
    </button>
  );
});

/** The headline: what players feel now, a number each. */
export function SliTiles(props: {
  readonly board: Board;
  readonly chosen: string | null;
  readonly onChoose?: (name: string) => void;
}): ReactNode {
  return (
    <section className={classes.tiles} aria-label="What players feel now">
      {props.board.slis.map((sli) => (
        <Tile
          key={sli.name}
          sli={sli}
          state={props.board.totals.get(sli.name)}
          chosen={props.chosen === sli.name}
          onChoose={props.onChoose}
        />
      ))}
    </section>
  );
}
