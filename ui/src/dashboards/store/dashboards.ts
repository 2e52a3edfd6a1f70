import { ApiError, get, send } from '../../api/client';
import type { components } from '../../api/types.gen';
import type { Dashboard } from '../model/dashboard';

export type DashboardEntry = components['schemas']['DashboardEntry'];

/** A dashboard as the server keeps it; the document has not been held to its form. */
export interface StoredDashboard {
  readonly dashboard: unknown;
  readonly revision: string;
  readonly source: 'shipped' | 'file' | 'store';
  readonly readOnly: boolean;
}

function path(name: string): string {
  return `dashboards/${encodeURIComponent(name)}`;
}

export function loadDashboard(name: string, signal?: AbortSignal): Promise<StoredDashboard> {
  return get<StoredDashboard>(path(name), undefined, signal);
}

/** Stores a new one; 409 when there is one of its name. */
export async function createDashboard(dashboard: Dashboard): Promise<StoredDashboard> {
  return (await send<StoredDashboard>('dashboards', { method: 'POST', json: dashboard })).data;
}

/** Stores in the place of `revision`; throws a `Conflict` when that is no longer the latest. */
export async function saveDashboard(dashboard: Dashboard, revision: string): Promise<StoredDashboard> {
  const headers = { 'If-Match': `"${revision}"` };
  try {
    return (await send<StoredDashboard>(path(dashboard.metadata.name), { method: 'PUT', json: dashboard, headers }))
      .data;
  } catch (error) {
    if (error instanceof ApiError && error.status === 412) throw new Conflict(error.message);
    throw error;
  }
}

/** Another edit came first. */
export class Conflict extends Error {}

export async function deleteDashboard(name: string, revision: string): Promise<void> {
  await send(path(name), { method: 'DELETE', headers: { 'If-Match': `"${revision}"` } });
}
