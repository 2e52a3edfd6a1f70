import { currentSession, unauthorized } from './session';

/** Why a request gave nothing: the API's own words, or `network` when nobody answered, `aborted` when nobody waits any more. */
export class ApiError extends Error {
  constructor(
    /** `bad_data`, `execution`, `timeout`, ... of the API; `network` or `aborted` of ours. */
    readonly type: string,
    message: string,
    /** HTTP status; 0 without an answer. */
    readonly status: number,
    /** Seconds the server asks to wait, where it does. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
  }
}

/** Values of a query string; lists become a parameter each, undefined ones are left out. */
export type Params = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

/** What an answer said besides its data. */
export interface Answer<T> {
  readonly data: T;
  /** Of parts that could not be read and values that are not exact. */
  readonly warnings: readonly string[];
  readonly headers: Headers;
}

/** A body and what goes with it. */
export interface Sending {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as a form, in the place of JSON. */
  readonly form?: Params;
  readonly headers?: Readonly<Record<string, string>>;
}

function queryText(params: Params | undefined): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(params ?? {})) {
    if (value === undefined) continue;
    if (Array.isArray(value)) for (const one of value) search.append(name, one);
    else search.append(name, String(value));
  }
  return search.toString();
}

/** Headers that every request carries: the tenant, and who asks. */
export function sessionHeaders(): Record<string, string> {
  const { tenant, token } = currentSession();
  const headers: Record<string, string> = {};
  if (tenant !== '') headers['X-Scope-OrgID'] = tenant;
  if (token !== '') headers.Authorization = `Bearer ${token}`;
  return headers;
}

/** `fetch` with the session's headers; failures to reach the server come as `ApiError`, answers as they are. */
export async function apiFetch(path: string, init: RequestInit, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch(`/api/v1/${path}`, {
      ...init,
      headers: { ...sessionHeaders(), ...(init.headers as Record<string, string> | undefined) },
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw new ApiError('aborted', 'nobody waits for it any more', 0);
    throw new ApiError(
      'network',
      `the server does not answer (${error instanceof Error ? error.message : 'network'})`,
      0,
    );
  }
}

/** The error an answer tells of; asks for a token when it is 401. */
export async function answerError(response: Response): Promise<ApiError> {
  if (response.status === 401) unauthorized();
  const text = await response.text().catch(() => '');
  const after = Number(response.headers.get('Retry-After') ?? NaN);
  const retryAfter = Number.isFinite(after) ? after : null;
  try {
    const { errorType, error } = JSON.parse(text) as { errorType?: string; error?: string };
    if (typeof error === 'string') return new ApiError(errorType ?? 'unknown', error, response.status, retryAfter);
  } catch {
    // No JSON: a proxy's page, or nothing.
  }
  const said = text.trim().startsWith('<') ? '' : text.trim().slice(0, 200);
  return new ApiError('unknown', said || `HTTP ${response.status}`, response.status, retryAfter);
}

async function json<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch {
    throw new ApiError('unknown', 'the answer is not JSON, or was cut short', response.status);
  }
}

/** Asked for before the page that wants it was there, by path; each is taken once, and not when it is old. */
const early = new Map<string, { readonly answer: Promise<Response>; readonly at: number }>();
const EARLY_MS = 10_000;

/** Asks for a path below `/api/v1/` that a page will `get` as soon as it is there: the answer comes while its code does. */
export function askEarly(path: string): void {
  const answer = apiFetch(path, { method: 'GET' });
  // Whoever takes it is told of a failure; perhaps nobody does.
  answer.catch(() => undefined);
  early.set(path, { answer, at: performance.now() });
}

function takeEarly(path: string): Promise<Response> | null {
  const asked = early.get(path);
  early.delete(path);
  return asked !== undefined && performance.now() - asked.at < EARLY_MS ? asked.answer : null;
}

async function answered<T>(path: string, init: RequestInit, signal?: AbortSignal): Promise<Answer<T>> {
  const response = await ((init.method === 'GET' ? takeEarly(path) : null) ?? apiFetch(path, init, signal));
  if (!response.ok) throw await answerError(response);
  const envelope = await json<{ data: T; warnings?: string[]; infos?: string[] }>(response);
  return {
    data: envelope.data,
    warnings: [...(envelope.warnings ?? []), ...(envelope.infos ?? [])],
    headers: response.headers,
  };
}

/** GET of a path below `/api/v1/`: the `data` of its answer. Throws `ApiError`. */
export async function get<T>(path: string, params?: Params, signal?: AbortSignal): Promise<T> {
  return (await getAnswer<T>(path, params, signal)).data;
}

/** As `get`, with warnings and headers. */
export async function getAnswer<T>(path: string, params?: Params, signal?: AbortSignal): Promise<Answer<T>> {
  const query = queryText(params);
  return answered<T>(query === '' ? path : `${path}?${query}`, { method: 'GET' }, signal);
}

/** As `get`, of the few paths that answer without an envelope (`cardinality/label_names`, `cardinality/label_values`). */
export async function getPlain<T>(path: string, params?: Params, signal?: AbortSignal): Promise<T> {
  const query = queryText(params);
  const response = await apiFetch(query === '' ? path : `${path}?${query}`, { method: 'GET' }, signal);
  if (!response.ok) throw await answerError(response);
  return json<T>(response);
}

/** POST, PUT or DELETE. Throws `ApiError`. Queries that may be long are sent as a form. */
export async function send<T>(path: string, sending: Sending, signal?: AbortSignal): Promise<Answer<T>> {
  const headers: Record<string, string> = { ...sending.headers };
  const init: RequestInit = { method: sending.method, headers };
  if (sending.form !== undefined) {
    headers['Content-Type'] = 'application/x-www-form-urlencoded';
    init.body = queryText(sending.form);
  } else if (sending.json !== undefined) {
    headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(sending.json);
  }
  return answered<T>(path, init, signal);
}
