// Dashboards that browser tests make, and how they are stored as if somebody else did.
import { expect } from 'vitest';

/** Saves a dashboard as if somebody else did, over what is there. */
export async function putDashboard(server: string, document: object): Promise<void> {
  const { name } = (document as { metadata: { name: string } }).metadata;
  const url = `${server}/api/v1/dashboards`;
  const there = await fetch(`${url}/${name}`);
  const headers: Record<string, string> = { 'Content-Type': 'application/json' };
  if (there.ok) headers['If-Match'] = there.headers.get('ETag')!;
  const body = JSON.stringify(document);
  const answer = there.ok
    ? await fetch(`${url}/${name}`, { method: 'PUT', headers, body })
    : await fetch(url, { method: 'POST', headers, body });
  expect(answer.ok, await answer.text()).toBe(true);
}

/** What the server keeps under a name. */
export async function storedDashboard(server: string, name: string): Promise<unknown> {
  const answer = await fetch(`${server}/api/v1/dashboards/${name}`);
  return ((await answer.json()) as { data: { dashboard: unknown } }).data.dashboard;
}

/** A panel of one query, as a time series unless its plugin says otherwise. */
export function panel(title: string, expr: string, plugin: object = { kind: 'TimeSeriesChart', spec: {} }): object {
  const query = {
    kind: 'TimeSeriesQuery',
    spec: { plugin: { kind: 'PrometheusTimeSeriesQuery', spec: { query: expr } } },
  };
  return {
    kind: 'Panel',
    spec: { display: { name: title }, plugin, queries: [query] },
  };
}

/** A dashboard of panels side by side, two a line. */
export function dashboard(name: string, panels: readonly object[]): object {
  const items = panels.map((_panel, index) => ({
    x: (index % 2) * 12,
    y: Math.floor(index / 2) * 8,
    width: 12,
    height: 8,
    content: { $ref: `#/spec/panels/p${index}` },
  }));
  return {
    kind: 'Dashboard',
    metadata: { name },
    spec: {
      display: { name },
      panels: Object.fromEntries(panels.map((each, index) => [`p${index}`, each])),
      layouts: [{ kind: 'Grid', spec: { items } }],
    },
  };
}
