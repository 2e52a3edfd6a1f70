import { type ComponentType } from 'react';

import { askEarly } from '../api/client';
import { type IconName } from './icons';

/** A page of the console. Later issues add theirs here: navigation, search and shortcuts go by this list alone. */
export interface PageRoute {
  /** As wouter matches it; the first that matches is shown. */
  readonly path: string;
  /** Loads the page, a chunk of its own. */
  readonly load: () => Promise<{ default: ComponentType }>;
  /** What of the API it asks first, where its path says so: asked for while its code is on its way. */
  readonly first?: (path: string) => string;
  /** In the navigation, when it has a name. */
  readonly nav?: {
    readonly label: string;
    /** Where the link goes: a path without parameters. */
    readonly href: string;
    readonly icon: IconName;
    /** Pressed after `g`. */
    readonly key: string;
  };
  /** Without navigation and controls: a picture on a wall. */
  readonly bare?: true;
  /** Without login: nothing is asked but what the page itself asks. */
  readonly open?: true;
}

const slis = (): string => 'schema/slis';
const dashboard = (path: string): string => `dashboards/${path.split('/')[2]}`;

/** Alerts, SLOs, rollouts, incidents, logs and traces come between Dashboards and Cardinality. */
export const ROUTES: readonly PageRoute[] = [
  {
    path: '/',
    load: () => import('../pages/overview/overview-page'),
    first: slis,
    nav: { label: 'Overview', href: '/', icon: 'overview', key: 'o' },
  },
  {
    path: '/explore',
    load: () => import('../pages/explore/explore-page'),
    nav: { label: 'Explore', href: '/explore', icon: 'explore', key: 'e' },
  },
  {
    path: '/dashboards',
    load: () => import('../dashboards/dashboards-page'),
    nav: { label: 'Dashboards', href: '/dashboards', icon: 'dashboards', key: 'd' },
  },
  { path: '/d/:name', load: () => import('../dashboards/page/dashboard-page'), first: dashboard },
  { path: '/d/:name/wall', load: () => import('../dashboards/page/wall-page'), first: dashboard, bare: true },
  {
    path: '/cardinality',
    load: () => import('../pages/cardinality/cardinality-page'),
    nav: { label: 'Cardinality', href: '/cardinality', icon: 'cardinality', key: 'c' },
  },
  {
    path: '/status',
    load: () => import('../pages/status/status-page'),
    nav: { label: 'Status', href: '/status', icon: 'status', key: 's' },
  },
  { path: '/war-room', load: () => import('../pages/war-room/war-room-page'), first: slis, bare: true },
  { path: '/view/:token', load: () => import('../pages/view/view-page'), open: true },
];

/** Begins to load the page of a path, its code and its first answer at once, before anything is drawn. */
export function loadEarly(path: string): void {
  const route = ROUTES.find((one) => new RegExp(`^${one.path.replaceAll(/:\w+/g, '[^/]+')}/?$`).test(path));
  if (route === undefined) return;
  // A failure is met again, and told of, when the page is shown.
  route.load().catch(() => undefined);
  if (route.first !== undefined) askEarly(route.first(path));
}
