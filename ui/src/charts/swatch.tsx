import { useComputedColorScheme } from '@mantine/core';
import { useSyncExternalStore } from 'react';

import { strokeOf, type Scheme } from '../core/colours';
import classes from './charts.module.css';

const paper = window.matchMedia('print');

function onPaper(listener: () => void): () => void {
  paper.addEventListener('change', listener);
  return () => paper.removeEventListener('change', listener);
}

/** 'light' or 'dark', whichever is shown now; light on paper. */
export function useScheme(): Scheme {
  const screen = useComputedColorScheme('light');
  return useSyncExternalStore(onPaper, () => paper.matches) ? 'light' : screen;
}

/** A short piece of a series' line: its colour and its dashes, or the colour that was given to it. */
export function Swatch({ slot, fixed }: { readonly slot: number; readonly fixed?: string | undefined }) {
  const own = strokeOf(slot, useScheme());
  const { colour, dash } = fixed === undefined ? own : { colour: fixed, dash: [] };
  return (
    <svg className={classes.swatch} viewBox="0 0 14 4" aria-hidden>
      <line
        x1="0"
        x2="14"
        y1="2"
        y2="2"
        stroke={colour}
        strokeWidth="3"
        strokeDasharray={dash.join(' ') || undefined}
      />
    </svg>
  );
}
