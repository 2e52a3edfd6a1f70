import { useSyncExternalStore } from 'react';

import { currentSession, onSession, type Session } from './session';

/** The session, kept up to date. */
export function useSession(): Session {
  return useSyncExternalStore(onSession, currentSession);
}
