import { useEffect, useEffectEvent, useMemo } from 'react';

import { type Action, KeySequence, type Shortcut, SHORTCUTS } from '../core/shortcuts';
import { ROUTES } from './routes';

/** All shortcuts: those of the frame, and `g` and a key for each page of the navigation. */
export const ALL_SHORTCUTS: readonly Shortcut[] = [
  ...SHORTCUTS,
  ...ROUTES.flatMap(({ nav }): Shortcut[] =>
    nav === undefined ? [] : [{ keys: `g ${nav.key}`, action: `go:${nav.href}`, says: nav.label }],
  ),
];

/** True where keys are typed text, or a dialog has them. */
function taken(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  const target = event.target as Element | null;
  return target?.closest('input, textarea, select, [contenteditable="true"], [role="dialog"], .cm-editor') != null;
}

/** Calls `run` with the action of each shortcut that is pressed on the page. */
export function useShortcuts(run: (action: Action) => void): void {
  const sequence = useMemo(() => new KeySequence(ALL_SHORTCUTS), []);
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (taken(event)) return;
    const action = sequence.press(event.key, performance.now());
    if (action === null) return;
    event.preventDefault();
    run(action);
  });
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => onKey(event);
    window.addEventListener('keydown', listener);
    return () => window.removeEventListener('keydown', listener);
  }, []);
}
