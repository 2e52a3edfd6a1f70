/** Who asks, and for which tenant. In the tab's session storage: closed with it, and shared with no other site. */
export interface Session {
  /** Empty for the server's default. */
  readonly tenant: string;
  /** A bearer token; empty when the server asks for none, or a proxy proves who asks. */
  readonly token: string;
  /** True after an answer that says the token is missing or wrong, until there is another one. */
  readonly refused: boolean;
}

const STORAGE_KEY = 'tickscope.session';

function stored(): Session {
  const empty = { tenant: '', token: '', refused: false };
  try {
    const held = JSON.parse(sessionStorage.getItem(STORAGE_KEY) ?? '{}') as Partial<Session>;
    return { ...empty, tenant: held.tenant ?? '', token: held.token ?? '' };
  } catch {
    // No storage (a test, or a browser that keeps none), or somebody else's text in it.
    return empty;
  }
}

let session = stored();
const listeners = new Set<() => void>();

/** The session as it is; another object whenever anything of it changed. */
export function currentSession(): Session {
  return session;
}

/** Calls back after each change; gives what ends that. */
export function onSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function become(next: Session): void {
  session = next;
  for (const listener of listeners) listener();
}

/** Goes on with another tenant or token; what was asked with the old one is asked again by whoever listens. */
export function startSession(tenant: string, token: string): void {
  try {
    sessionStorage.setItem(STORAGE_KEY, JSON.stringify({ tenant, token }));
  } catch {
    // Then it holds for as long as the page does.
  }
  become({ tenant, token, refused: false });
}

/** An answer was 401. */
export function unauthorized(): void {
  if (!session.refused) become({ ...session, refused: true });
}
