import { type ComponentType } from 'react';

/** A page of the console. Later issues add theirs here: navigation, search and shortcuts go by this list alone. */
export interface PageRoute {
  /** As wouter matches it. */
  readonly path: string;
  /** Loads the page, a chunk of its own. */
  readonly load: () => Promise<{ default: ComponentType }>;
  /** In the navigation, when it has a name. */
  readonly nav?: {
    readonly label: string;
    /** Where the link goes; a path without parameters. */
    readonly href: string;
    /** Name of one of `icons.tsx`. */
    readonly icon: 'overview' | 'explore' | 'dashboards' | 'cardinality' | 'status';
    /** Pressed after `g`. */
    readonly key: string;
  };
  /** Without navigation and controls: a picture on a wall. */
  readonly bare?: true;
}

export const ROUTES: readonly PageRoute[] = [
  {
    path: '/dashboards',
    load: () => import('../dashboards/dashboards-page'),
    nav: { label: 'Dashboards', href: '/dashboards', icon: 'dashboards', key: 'd' },
  },
];
