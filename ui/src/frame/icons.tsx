import { type ReactNode } from 'react';

/** Paths of 16 x 16 pictures, drawn as lines: few, so that no icon package is loaded. */
const PATHS = {
  overview: 'M2 9h3l2-6 3 10 2-4h2',
  explore: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.5 10.5 14 14',
  dashboards: 'M2 2h5v6H2zM9 2h5v3H9zM9 7h5v7H9zM2 10h5v4H2z',
  cardinality: 'M3 14V8M8 14V2M13 14v-9',
  status: 'M2 3h12v4H2zM2 9h12v4H2zM4.5 5h.01M4.5 11h.01',
  search: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.5 10.5 14 14',
  clock: 'M8 2a6 6 0 1 1 0 12A6 6 0 0 1 8 2zM8 5v3.5l2.5 1.5',
  refresh: 'M13 8a5 5 0 1 1-1.5-3.5M13 2v3h-3',
  theme: 'M13 9.5A5.5 5.5 0 1 1 6.5 3a4.5 4.5 0 0 0 6.5 6.5z',
  help: 'M6 6a2 2 0 1 1 3 1.7c-.7.4-1 .8-1 1.6M8 12h.01',
  chevron: 'M5 6.5 8 9.5l3-3',
  left: 'M10 3 5 8l5 5',
  right: 'M6 3l5 5-5 5',
  close: 'M4 4l8 8M12 4l-8 8',
  wall: 'M2 3h12v8H2zM6 14h4M8 11v3',
  link: 'M6.5 9.5l3-3M7 4.5l1.3-1.3a3 3 0 0 1 4.4 4.4L11.500 9M9 11.500l-1.300 1.300a3 3 0 0 1-4.400-4.400L4.500 7',
  menu: 'M2 4h12M2 8h12M2 12h12',
  zoomOut: 'M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9zM10.500 10.500 14 14M5 7h4',
} as const;

export type IconName = keyof typeof PATHS;

/** A picture that says nothing by itself: what it stands for is said beside it, or by `aria-label` of its button. */
export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }): ReactNode {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
