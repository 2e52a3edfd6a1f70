import { ActionIcon, Loader, Menu, Tooltip as Hint } from '@mantine/core';
import { useRef, type ReactNode } from 'react';

import { nextStep, type PanelState } from '../core/panel-state';
import { unitTitle } from '../core/units';
import classes from './charts.module.css';
import { panelPng, saveFile } from './export';

/** A panel around a chart. */
export interface PanelFrameProps {
  readonly title: string;
  /** Longer words on what it shows, behind an "i". */
  readonly description?: string | undefined;
  readonly unit?: string | undefined;
  readonly state: PanelState;
  /** Its data as CSV; left out, the menu has no such entry. */
  readonly csv?: (() => string) | undefined;
  /** Address of Explore with the panel's queries. */
  readonly exploreHref?: string | undefined;
  /** Further entries of the menu, as `Menu.Item`. */
  readonly menu?: ReactNode;
  /** Not asked for yet, as nobody has seen it: nothing moves in it, which would cost the page a drawing sixty times a second. */
  readonly idle?: boolean | undefined;
  /** Beside the title: a scale switch, a drag handle. */
  readonly controls?: ReactNode;
  readonly children: ReactNode;
}

/** Title, unit, menu and one of the states every panel has: loading, empty, failed, or its chart, marked when stale or partial. */
export function PanelFrame(props: PanelFrameProps) {
  const { title, description, unit, state, csv, exploreHref, menu, idle = false, controls, children } = props;
  const box = useRef<HTMLElement>(null);
  const named = unitTitle(unit);
  const file = title.replaceAll(/[^a-zA-Z0-9_-]+/g, '-').replaceAll(/^-|-$/g, '') || 'panel';
  return (
    <section
      ref={box}
      className={`${classes.panel} ${state.stale ? classes.stale : ''}`}
      aria-label={title}
      data-phase={state.phase}
    >
      <header className={classes.panelHead}>
        <h3 className={classes.panelTitle} title={title}>
          {title}
        </h3>
        {named !== '' && (
          <span className={classes.panelUnit} data-words={named.includes(' ') || undefined}>
            {named}
          </span>
        )}
        {description !== undefined && description !== '' && (
          <Hint label={description} multiline maw={360} withArrow events={{ hover: true, focus: true, touch: true }}>
            <button type="button" className={classes.about} aria-label={`About ${title}: ${description}`}>
              i
            </button>
          </Hint>
        )}
        <span className={classes.panelSpace} />
        {state.polled !== undefined && (
          <Badge
            word="polled"
            tone="none"
            says={`Asked again at each refresh, as the live tail does not: ${state.polled}`}
          />
        )}
        {state.stale && <Badge word="stale" tone="warn" says={staleWords(state)} />}
        {state.partial && (
          <Badge
            word="partial"
            tone="warn"
            says={[...state.errors.map(({ message }) => message), ...state.warnings].join('\n')}
          />
        )}
        {controls}
        <Menu position="bottom-end" withinPortal shadow="md">
          <Menu.Target>
            <ActionIcon
              className={classes.panelMenu ?? ''}
              variant="subtle"
              color="gray"
              size="sm"
              aria-label={`Menu of ${title}`}
            >
              ⋯
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            {exploreHref !== undefined && (
              <Menu.Item component="a" href={exploreHref}>
                Open in Explore
              </Menu.Item>
            )}
            {csv !== undefined && (
              <Menu.Item
                disabled={state.phase !== 'ready'}
                onClick={() => saveFile(`${file}.csv`, new Blob([csv()], { type: 'text/csv;charset=utf-8' }))}
              >
                Save as CSV
              </Menu.Item>
            )}
            <Menu.Item
              disabled={state.phase !== 'ready'}
              onClick={() =>
                void panelPng(box.current!, title, named).then((png) => png && saveFile(`${file}.png`, png))
              }
            >
              Save as PNG
            </Menu.Item>
            {menu}
          </Menu.Dropdown>
        </Menu>
      </header>
      <div className={classes.panelBody}>{state.phase === 'ready' ? children : <Note state={state} idle={idle} />}</div>
    </section>
  );
}

function staleWords(state: PanelState): string {
  return state.errors[0]?.message ?? 'Older than it should be: the stream is away, or newer data is on its way.';
}

type Tone = 'warn' | 'none';

const TONES: Readonly<Record<Tone, string>> = {
  warn: 'light-dark(#8a5a00, #f0b13c)',
  none: 'var(--ts-dim, var(--mantine-color-dimmed))',
};

function Badge({ word, tone, says }: { readonly word: string; readonly tone: Tone; readonly says: string }) {
  return (
    <Hint
      label={says}
      multiline
      maw={420}
      withArrow
      disabled={says === ''}
      events={{ hover: true, focus: true, touch: true }}
      style={{ whiteSpace: 'pre-wrap' }}
    >
      <button
        type="button"
        className={`${classes.badge} ${classes.sortButton}`}
        style={{
          color: TONES[tone],
          padding: '0 6px',
          border: '1px solid',
        }}
        aria-label={`${word}: ${says}`}
      >
        {word}
      </button>
    </Hint>
  );
}

/** What stands in the place of a chart that cannot be drawn. */
function Note({ state, idle }: { readonly state: PanelState; readonly idle: boolean }) {
  if (state.phase === 'loading') {
    return (
      <div className={classes.note} role="status">
        {!idle && <Loader size="sm" type="dots" />}
        <span className={classes.hidden}>Loading</span>
      </div>
    );
  }
  if (state.phase === 'empty') {
    return (
      <div className={classes.note} role="status">
        <span className={classes.noteTitle}>No data</span>
        <span>No series match in this range.</span>
      </div>
    );
  }
  const error = state.errors[0] ?? { type: 'unknown', message: 'it failed without a word' };
  const step = nextStep(error.type, error.message);
  return (
    <div className={classes.note} role="alert">
      <span className={classes.noteTitle}>{error.type.replaceAll('_', ' ')}</span>
      <span style={{ overflowWrap: 'anywhere' }}>{error.message}</span>
      {step !== null && <span>{step}</span>}
    </div>
  );
}
