import { useState } from 'react';

import { readHistory, withRun, type PastQuery } from '../../core/history';

const KEY = 'tickscope.explore.history';

function stored(): PastQuery[] {
  try {
    return readHistory(localStorage.getItem(KEY));
  } catch {
    return [];
  }
}

/** The history of this browser. */
export function useHistory(): {
  readonly past: readonly PastQuery[];
  note(exprs: readonly string[]): void;
  forget(): void;
} {
  const [past, setPast] = useState(stored);
  const keep = (next: PastQuery[]) => {
    setPast(next);
    try {
      localStorage.setItem(KEY, JSON.stringify(next));
    } catch {
      // Full, or not allowed: it lasts as long as the page.
    }
  };
  return {
    past,
    // Read anew: another tab may have run something meanwhile.
    note: (exprs) => keep(withRun(stored(), exprs, Date.now())),
    forget: () => keep([]),
  };
}
