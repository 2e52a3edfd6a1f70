import { ActionIcon, Menu } from '@mantine/core';

import { usePlan, useSettled } from './use-plan';
import { takesFilters } from '../../core/expression';
import type { QueryState } from '../../core/frame';
import { QueryEditor } from '../../editor/query-editor';
import { CostLine } from './cost-line';
import classes from './explore.module.css';

interface QueryRowProps {
  readonly id: string;
  /** As it is typed. */
  readonly draft: string;
  /** As it runs. */
  readonly expr: string;
  readonly shown: boolean;
  readonly only: boolean;
  /** True when the frame has filters that this query does not take. */
  readonly filtered: boolean;
  readonly window: { readonly start: number; readonly end: number };
  readonly step: number;
  readonly state: QueryState | undefined;
  readonly resolve: (expr: string) => string;
  readonly onDraft: (text: string) => void;
  readonly onRun: () => void;
  readonly onShown: () => void;
  readonly onCopy: () => void;
  readonly onRemove: () => void;
}

/** How long a text rests before its cost is asked for, ms. */
const REST_MS = 500;

/** A query: its letter, its text, what it costs, and what can be done with it. */
export function QueryRow(props: QueryRowProps) {
  const { id, draft, expr, shown, only, window, step, state, resolve } = props;
  const settled = useSettled(draft, REST_MS);
  const plan = usePlan({ expr: resolve(settled), ...window, step }, false);
  const changed = draft.trim() !== expr.trim();
  const count = state?.frame?.series.length;
  return (
    <div className={classes.row} role="group" aria-label={`Query ${id}`} data-off={!shown || undefined}>
      <button
        type="button"
        className={classes.letter}
        aria-pressed={shown}
        onClick={props.onShown}
        title={shown ? `Hide ${id}` : `Show ${id}`}
      >
        {id}
      </button>
      <div className={classes.field}>
        <QueryEditor
          value={draft}
          onChange={props.onDraft}
          onRun={props.onRun}
          later={state?.phase === 'loading'}
          label={`Query ${id}`}
          autoFocus={id === 'A' && expr === ''}
        />
        <div className={classes.under}>
          {settled.trim() === '' ? (
            <div className={classes.cost}>Enter runs, Shift+Enter makes a line, Ctrl+Space completes</div>
          ) : (
            <CostLine plan={plan} typing={settled !== draft} />
          )}
          <span className={classes.space} />
          {props.filtered && !takesFilters(draft) && draft.trim() !== '' && (
            <span
              className={classes.hint}
              title="Put $filter into a selector, as in game_players{$filter}, and the filters above apply"
            >
              filters do not apply: no $filter
            </span>
          )}
          {changed && draft.trim() !== '' && <span className={classes.hint}>not run yet</span>}
          {!changed && shown && count !== undefined && expr !== '' && (
            <span className={classes.cost}>
              {count.toLocaleString('en')} {count === 1 ? 'series' : 'series'} shown
            </span>
          )}
        </div>
      </div>
      <Menu position="bottom-end" withinPortal shadow="md">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" mt={3} aria-label={`More on query ${id}`}>
            ⋯
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={props.onShown}>{shown ? 'Hide' : 'Show'}</Menu.Item>
          <Menu.Item onClick={props.onCopy}>Duplicate</Menu.Item>
          <Menu.Item color="red" disabled={only && draft === ''} onClick={props.onRemove}>
            Remove
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </div>
  );
}
