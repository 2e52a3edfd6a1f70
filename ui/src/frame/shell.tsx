import { useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { type ReactNode, Suspense, useState } from 'react';
import { Link, useLocation } from 'wouter';

import { serverNow } from '../api/clock';
import { FILTER_LABELS } from '../core/filters';
import { type Action } from '../core/shortcuts';
import {
  DEFAULT_RANGE,
  freezeRange,
  isLive,
  lastSeconds,
  rangeSeconds,
  shiftRange,
  zoomRange,
} from '../core/time-range';
import { DEFAULT_REFRESH, writeUrlState } from '../core/url-state';
import { ianaName } from '../core/zone';
import { FilterMenu } from './filter-menu';
import { type FrameState, useFrame } from './frame-state';
import classes from './frame.module.css';
import { FreshnessBadge, FreshnessNotice } from './freshness-badge';
import { Icon } from './icons';
import { PageErrorBoundary } from './page-error';
import { RefreshMenu } from './refresh-menu';
import { ROUTES } from './routes';
import { Search } from './search';
import { ShortcutsHelp } from './shortcuts-help';
import { TimePicker } from './time-picker';
import { ALL_SHORTCUTS, useShortcuts } from './use-shortcuts';

/** An address that shows tomorrow what is seen now: the window fixed, the zone named. */
function frozenLink(frame: FrameState): string {
  const range = freezeRange(frame.range, serverNow());
  const params = new URLSearchParams(window.location.search);
  const text = writeUrlState(params, { ...frame, range, zone: ianaName(frame.zone) }).toString();
  return `${window.location.origin}${window.location.pathname}?${text}`;
}

function openByName(name: string): void {
  document.querySelector<HTMLElement>(`[data-opener="${name}"]`)?.click();
}

function Navigation(props: { narrow: boolean; onNarrow: () => void; onHelp: () => void }): ReactNode {
  const [location] = useLocation();
  const { href } = useFrame();
  const { toggleColorScheme } = useMantineColorScheme();
  const colorScheme = useComputedColorScheme();
  const here = (path: string): boolean => (path === '/' ? location === '/' : location.startsWith(path));
  return (
    <nav className={classes.nav} data-narrow={props.narrow || undefined} aria-label="Pages">
      <Link href={href('/')} className={classes.brand}>
        <Icon name="overview" size={18} />
        <span className={classes.word}>Tickscope</span>
      </Link>
      {ROUTES.map(({ nav }) =>
        nav === undefined ? null : (
          <Link
            key={nav.href}
            href={href(nav.href)}
            className={classes.link}
            aria-current={here(nav.href) ? 'page' : undefined}
            title={`${nav.label}  g ${nav.key}`}
          >
            <Icon name={nav.icon} />
            <span className={classes.word}>{nav.label}</span>
          </Link>
        ),
      )}
      <div className={classes.foot}>
        <Link href={href('/war-room')} className={classes.link} title="War room  w">
          <Icon name="wall" />
          <span className={classes.word}>War room</span>
        </Link>
        <button type="button" className={classes.option} onClick={() => toggleColorScheme()} title="Dark or light  T">
          <Icon name="theme" />
          <span className={classes.word}>{colorScheme === 'dark' ? 'Light' : 'Dark'} theme</span>
        </button>
        <button type="button" className={classes.option} onClick={props.onHelp} title="Keyboard  ?">
          <Icon name="help" />
          <span className={classes.word}>Keyboard</span>
        </button>
        <button type="button" className={classes.option} onClick={props.onNarrow} aria-expanded={!props.narrow}>
          <Icon name="menu" />
          <span className={classes.word}>{props.narrow ? 'Wide menu' : 'Narrow menu'}</span>
        </button>
      </div>
    </nav>
  );
}

/** The frame around a page: navigation, filters, time, refresh, freshness, search and keys. */
export function Shell({ children }: { readonly children: ReactNode }): ReactNode {
  const frame = useFrame();
  const [location, navigate] = useLocation();
  const { toggleColorScheme } = useMantineColorScheme();
  const [dialog, setDialog] = useState<'search' | 'help' | null>(null);
  const [narrow, setNarrow] = useState(() => window.innerWidth < 1200);
  const [said, setSaid] = useState('');
  const close = (): void => setDialog(null);
  const run = (action: Action): void => {
    const { range, setRange, refresh, setRefresh } = frame;
    const now = serverNow();
    if (action === 'help' || action === 'search') setDialog(action);
    else if (action === 'zoom-out') setRange(zoomRange(range, 2, now));
    else if (action === 'zoom-in') setRange(zoomRange(range, 0.5, now));
    else if (action === 'earlier') setRange(shiftRange(range, -0.5, now));
    else if (action === 'later') setRange(shiftRange(range, 0.5, now));
    else if (action === 'live')
      setRange(isLive(range) ? DEFAULT_RANGE : lastSeconds(Math.round(rangeSeconds(range, now))));
    else if (action === 'pause') setRefresh(refresh === null ? DEFAULT_REFRESH : null);
    else if (action === 'reload') frame.reload();
    else if (action === 'time' || action === 'filter') openByName(action);
    else if (action === 'theme') toggleColorScheme();
    else if (action === 'war-room') navigate(frame.href('/war-room'));
    else if (action === 'copy-link') {
      navigator.clipboard.writeText(frozenLink(frame)).then(
        () => setSaid('The link is in the clipboard.'),
        () => setSaid('The browser did not let the link into the clipboard.'),
      );
    } else navigate(frame.href(action.slice('go:'.length)));
  };
  useShortcuts(run);
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#page">
        To the page
      </a>
      <Navigation narrow={narrow} onNarrow={() => setNarrow(!narrow)} onHelp={() => setDialog('help')} />
      <header className={classes.header}>
        <div className={classes.filters} role="group" aria-label="Filters">
          {FILTER_LABELS.map((label, i) => (
            <FilterMenu key={label} label={label} {...(i === 0 ? { opener: 'filter' } : {})} />
          ))}
        </div>
        <div className={classes.space} />
        <button type="button" className={classes.control} onClick={() => setDialog('search')} aria-label="Find">
          <Icon name="search" size={14} />
          <kbd className={classes.kbd}>/</kbd>
        </button>
        <TimePicker />
        <RefreshMenu />
        <button
          type="button"
          className={classes.control}
          aria-label="Copy a link to just this"
          title="Copy a link that shows just this  c"
          onClick={() => run('copy-link')}
        >
          <Icon name="link" size={14} />
        </button>
        <FreshnessBadge />
      </header>
      <main id="page" className={classes.main} tabIndex={-1}>
        <FreshnessNotice />
        <PageErrorBoundary key={location}>
          <Suspense fallback={<div className={classes.dim}>Loading the page</div>}>{children}</Suspense>
        </PageErrorBoundary>
      </main>
      <span role="status" aria-live="polite" style={{ position: 'absolute', clipPath: 'inset(50%)' }}>
        {said}
      </span>
      <Search opened={dialog === 'search'} onClose={close} />
      <ShortcutsHelp shortcuts={ALL_SHORTCUTS} opened={dialog === 'help'} onClose={close} />
    </div>
  );
}
