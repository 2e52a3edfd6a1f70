import { type Sli } from '../../api/types';
import { type Frame, type QueryState } from '../../core/frame';

/** What a board shows: the SLIs, and of each the state of its query for all together and of that by a label. */
export interface Board {
  readonly slis: readonly Sli[];
  /** By the SLI's name. */
  readonly totals: ReadonlyMap<string, QueryState>;
  readonly rows: ReadonlyMap<string, QueryState>;
  readonly by: string;
}

const PARTS = ['total', 'by'] as const;
export type Part = (typeof PARTS)[number];

/** The id of a board's query, and back by `boardStates`. */
export function boardId(part: Part, sli: string): string {
  return `${part}:${sli}`;
}

/** The states of one part by the SLIs' names. */
export function boardStates(states: ReadonlyMap<string, QueryState>, part: Part): ReadonlyMap<string, QueryState> {
  const begin = `${part}:`;
  return new Map(
    [...states].filter(([id]) => id.startsWith(begin)).map(([id, state]) => [id.slice(begin.length), state]),
  );
}

/** Their frames. */
export function framesOf(states: ReadonlyMap<string, QueryState>): ReadonlyMap<string, Frame | null> {
  return new Map([...states].map(([name, { frame }]) => [name, frame]));
}

/** What stands in the place of rows; `waits` while which rows there are is not known yet. */
export function emptyWords(board: Board, waits: boolean): string {
  const states = [...board.rows.values()];
  const failed = states.find(({ error }) => error !== null);
  if (states.length > 0 && states.every(({ phase }) => phase === 'failed'))
    return failed?.error?.message ?? 'It failed.';
  if (waits || states.some(({ phase }) => phase === 'loading')) return 'Loading';
  return 'No data in this range with these filters.';
}
