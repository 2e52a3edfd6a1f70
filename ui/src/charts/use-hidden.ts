import { useCallback, useMemo, useState } from 'react';

/** Which series are hidden, by key, and the two ways to change it. */
export function useHidden(keys: readonly string[]): {
  readonly hidden: ReadonlySet<string>;
  readonly choose: (key: string, alone: boolean) => void;
} {
  // What is shown alone is kept rather than what is hidden: series that appear later shall not come up beside it.
  const [state, setState] = useState<{ alone: ReadonlySet<string> | null; off: ReadonlySet<string> }>({
    alone: null,
    off: new Set(),
  });
  const choose = useCallback((key: string, alone: boolean) => {
    setState((before) => {
      if (alone) {
        const isAlone = before.alone?.size === 1 && before.alone.has(key);
        return { alone: isAlone ? null : new Set([key]), off: new Set() };
      }
      if (before.alone !== null) return { alone: toggled(before.alone, key), off: before.off };
      return { alone: null, off: toggled(before.off, key) };
    });
  }, []);
  const hidden = useMemo(() => {
    const { alone, off } = state;
    // When none of those shown alone is left, all are shown: an empty chart would look like missing data.
    const some = alone !== null && keys.some((key) => alone.has(key));
    return some ? new Set(keys.filter((key) => !alone.has(key))) : off;
  }, [keys, state]);
  return { hidden, choose };
}

function toggled(set: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(set);
  if (!next.delete(key)) next.add(key);
  return next;
}
