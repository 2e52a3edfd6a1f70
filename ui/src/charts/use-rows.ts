import { useEffect, useState, type RefObject } from 'react';

/** The rows of a long list that are worth drawing, and the heights that stand for the others. */
export interface RowWindow {
  readonly first: number;
  /** Excluded. */
  readonly last: number;
  readonly above: number;
  readonly below: number;
}

/** Rows drawn beyond both edges, so that a quick scroll does not show blanks. */
const EXTRA = 12;
/** Lists up to so long are drawn whole. */
const WHOLE = 60;

/** Follows the scroll position of `box` over `count` rows of `height` pixels each. */
export function useRows(box: RefObject<HTMLElement | null>, count: number, height: number): RowWindow {
  const [seen, setSeen] = useState({ first: 0, shown: 40 });
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const look = () => {
      const first = Math.floor(element.scrollTop / height);
      const shown = Math.ceil(element.clientHeight / height) + 1;
      setSeen((before) => (before.first === first && before.shown === shown ? before : { first, shown }));
    };
    look();
    element.addEventListener('scroll', look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', look);
      observer.disconnect();
    };
  }, [box, height]);
  if (count <= WHOLE) return { first: 0, last: count, above: 0, below: 0 };
  const first = Math.max(0, Math.min(seen.first, count - seen.shown) - EXTRA);
  const last = Math.min(count, Math.min(seen.first, count - seen.shown) + seen.shown + EXTRA);
  return { first, last, above: first * height, below: (count - last) * height };
}
