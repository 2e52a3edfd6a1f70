import { useCallback, useEffect, useRef, useState } from 'react';

/** Panels near the part of the page that is seen, the latest first. Those that were seen before stay in the list behind them. */
export interface Seen {
  readonly ids: readonly string[];
  /** A ref for the panel's element. */
  observe(id: string): (element: Element | null) => void;
}

/** So far outside of the window a panel is asked for already, so that scrolling finds it drawn. */
const margin = '300px';

export function useSeen(): Seen {
  const [ids, setIds] = useState<readonly string[]>([]);
  const observer = useRef<IntersectionObserver | null>(null);
  const names = useRef(new Map<Element, string>());
  const refs = useRef(new Map<string, (element: Element | null) => void>());
  const observerOf = useCallback(() => {
    observer.current ??= new IntersectionObserver(
      (entries) => {
        const came = entries
          .filter((entry) => entry.isIntersecting)
          .flatMap((entry) => names.current.get(entry.target) ?? []);
        if (came.length > 0) setIds((before) => moveToFront(before, came));
      },
      { rootMargin: margin },
    );
    return observer.current;
  }, []);
  useEffect(
    () => () => {
      observer.current?.disconnect();
      observer.current = null;
    },
    [],
  );
  const observe = useCallback(
    (id: string) => {
      const kept = refs.current.get(id);
      if (kept) return kept;
      let mine: Element | null = null;
      const ref = (element: Element | null) => {
        if (mine) {
          observerOf().unobserve(mine);
          names.current.delete(mine);
        }
        mine = element;
        if (element) {
          names.current.set(element, id);
          observerOf().observe(element);
        }
      };
      refs.current.set(id, ref);
      return ref;
    },
    [observerOf],
  );
  return { ids, observe };
}

function moveToFront(before: readonly string[], came: readonly string[]): readonly string[] {
  if (came.every((id, index) => before[index] === id)) return before;
  const set = new Set(came);
  return [...came, ...before.filter((id) => !set.has(id))];
}
