import { type ReactNode } from 'react';
import { useLocation, useSearch } from 'wouter';

import parts from '../parts/parts.module.css';
import { GuardTab } from './guard-tab';
import { LabelsTab } from './labels-tab';
import { MetricsTab } from './metrics-tab';
import { OwnersTab } from './owners-tab';
import { UnusedTab } from './unused-tab';

const TABS = [
  { name: 'metrics', title: 'Metrics', Tab: MetricsTab },
  { name: 'labels', title: 'Labels', Tab: LabelsTab },
  { name: 'owners', title: 'Owners', Tab: OwnersTab },
  { name: 'unused', title: 'Never queried', Tab: UnusedTab },
  { name: 'guard', title: 'Guard and limits', Tab: GuardTab },
] as const;

/** Where series come from, who owns them, what grew, what nobody asks for, and what is turned away. */
export default function CardinalityPage(): ReactNode {
  const params = new URLSearchParams(useSearch());
  const [, navigate] = useLocation();
  const current = TABS.find(({ name }) => name === params.get('tab')) ?? TABS[0];
  const go = (name: string): void => {
    const next = new URLSearchParams(window.location.search);
    next.set('tab', name);
    navigate(`/cardinality?${next.toString()}`);
  };
  const move = (event: React.KeyboardEvent): void => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const next = TABS[(TABS.indexOf(current) + step + TABS.length) % TABS.length]!;
    go(next.name);
    document.getElementById(`tab-${next.name}`)?.focus();
  };
  return (
    <>
      <h1 className={parts.heading}>Cardinality and guard</h1>
      <div className={parts.tabs} role="tablist" aria-label="Views" onKeyDown={move}>
        {TABS.map(({ name, title }) => (
          <button
            key={name}
            id={`tab-${name}`}
            type="button"
            role="tab"
            aria-selected={name === current.name}
            aria-controls="tab-panel"
            tabIndex={name === current.name ? 0 : -1}
            onClick={() => go(name)}
          >
            {title}
          </button>
        ))}
      </div>
      <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${current.name}`} className={parts.page}>
        <current.Tab />
      </div>
    </>
  );
}
