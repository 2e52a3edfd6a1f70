import type { QueryState } from './frame';

/** What a panel is like as a whole, from the states of its queries. */
export type PanelPhase = 'loading' | 'empty' | 'failed' | 'ready';

export interface PanelState {
  readonly phase: PanelPhase;
  /** What is drawn is older than it should be. */
  readonly stale: boolean;
  /** Some queries failed while others have something to show, or the server could not read all it should. */
  readonly partial: boolean;
  readonly warnings: readonly string[];
  readonly errors: readonly { readonly type: string; readonly message: string }[];
  /** Some of it is polled rather than followed live: for this reason. */
  readonly polled?: string | undefined;
}

/**
 * One state of several: failed only when nothing can be shown, loading until something can be, empty when all answered and none has
 * series; otherwise ready, with what is stale, missing or doubtful told beside the picture.
 */
export function panelState(states: readonly QueryState[]): PanelState {
  const errors = states.flatMap(({ error }) => (error === null ? [] : [error]));
  const warnings = [...new Set(states.flatMap((state) => state.warnings))];
  const shown = states.some(({ frame }) => frame !== null && frame.series.length > 0);
  const phase: PanelPhase = shown
    ? 'ready'
    : states.some((state) => state.phase === 'failed')
      ? 'failed'
      : states.some((state) => state.phase === 'loading')
        ? 'loading'
        : 'empty';
  return {
    phase,
    stale: shown && states.some((state) => state.stale),
    partial: shown && (warnings.length > 0 || errors.length > 0),
    warnings,
    errors,
    polled: states.find((state) => state.polled !== undefined)?.polled,
  };
}

/** What a person can do about an error, where there is something better than to read it. */
export function nextStep(type: string, message: string): string | null {
  if (type === 'too_many_requests')
    return 'Ask for less: fewer series (a label filter), a shorter range, or a longer step.';
  if (type === 'timeout')
    return 'It took too long. Narrow the range or filter by a label; explain shows where the time goes.';
  if (type === 'network') return 'The console goes on by itself as soon as the server answers.';
  if (type === 'unavailable') return 'The server is busy or starting. It is asked again by itself.';
  if (/exceeded maximum resolution|11,?000/.test(message)) return 'Choose a longer step or a shorter range.';
  if (/memory|samples a query holds|too many samples/i.test(message))
    return 'Aggregate (sum by …), filter by a label, or shorten the range.';
  if (/parse error/.test(message)) return 'The query has a mistake at the place named.';
  if (/many-to-many|duplicate series|multiple matches/.test(message))
    return 'Tell which labels to match: on (…), ignoring (…), group_left.';
  return null;
}
