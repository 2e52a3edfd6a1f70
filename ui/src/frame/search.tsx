import { Modal, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useLocation } from 'wouter';

import { type DashboardEntry } from '../api/types';
import { useGet } from '../api/use-get';
import { best } from '../core/ranking';
import { useFrame } from './frame-state';
import classes from './frame.module.css';
import { ROUTES } from './routes';

interface Found {
  readonly kind: 'Page' | 'Dashboard' | 'Metric';
  readonly text: string;
  readonly detail: string;
  readonly href: string;
}

/** Metric names fetched to look through: all of a schema, bounded for a server that takes anything. */
const METRICS_MAX = 10_000;

function usePlaces(asked: boolean): readonly Found[] {
  const { href } = useFrame();
  const dashboards = useGet<DashboardEntry[]>(asked ? 'dashboards' : null).data ?? [];
  const metrics = useGet<string[]>(asked ? 'label/__name__/values' : null, { limit: METRICS_MAX }).data ?? [];
  return [
    ...ROUTES.flatMap(({ nav }): Found[] =>
      nav === undefined ? [] : [{ kind: 'Page', text: nav.label, detail: '', href: href(nav.href) }],
    ),
    ...dashboards.map(({ name, title, folder }): Found => ({
      kind: 'Dashboard',
      text: title,
      detail: folder,
      href: href(`/d/${encodeURIComponent(name)}`),
    })),
    ...metrics.map((name): Found => ({
      kind: 'Metric',
      text: name,
      detail: '',
      href: href('/explore', { expr: name }),
    })),
  ];
}

/** The list under the field; the arrows move through it, Enter goes. */
function Results({ onGo }: { readonly onGo: (href: string) => void }): ReactNode {
  const [typed, setTyped] = useState('');
  const [active, setActive] = useState(0);
  const found = best(usePlaces(true), ({ text }) => text, typed, 50);
  const at = Math.min(active, Math.max(0, found.length - 1));
  const move = (event: React.KeyboardEvent): void => {
    if (event.key === 'Enter' && found[at] !== undefined) onGo(found[at].href);
    else if (event.key === 'ArrowDown') setActive(Math.min(found.length - 1, at + 1));
    else if (event.key === 'ArrowUp') setActive(Math.max(0, at - 1));
    else return;
    event.preventDefault();
  };
  return (
    <>
      <TextInput
        placeholder="Page, dashboard or metric"
        aria-label="Find a page, a dashboard or a metric"
        role="combobox"
        aria-expanded
        aria-controls="search-results"
        aria-activedescendant={found.length > 0 ? `search-${at}` : undefined}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
          setActive(0);
        }}
        onKeyDown={move}
        data-autofocus
      />
      <div id="search-results" role="listbox" aria-label="Found" className={classes.found}>
        {found.map(({ kind, text, detail, href }, i) => (
          <div
            key={href}
            id={`search-${i}`}
            role="option"
            aria-selected={i === at}
            data-active={i === at || undefined}
            className={classes.option}
            ref={(element) => {
              if (i === at) element?.scrollIntoView({ block: 'nearest' });
            }}
            onClick={() => onGo(href)}
            onPointerMove={() => setActive(i)}
          >
            {text}
            <span className={classes.end}>{detail === '' ? kind : `${detail} · ${kind}`}</span>
          </div>
        ))}
      </div>
      {found.length === 0 && <div className={classes.dim}>Nothing is called so.</div>}
    </>
  );
}

/** `/`: goes to a page, a dashboard or a metric by its name. */
export function Search({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }): ReactNode {
  const [, navigate] = useLocation();
  return (
    <Modal opened={opened} onClose={onClose} padding={8} size="lg" yOffset="10vh" title="Find">
      <Results
        onGo={(href) => {
          onClose();
          navigate(href);
        }}
      />
    </Modal>
  );
}
