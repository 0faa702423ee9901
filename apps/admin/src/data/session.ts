/** The signed-in person, for every screen. */
import { queryOptions } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import { type Answer, ApiError, api, unwrap } from '../api/client.js';

export type Session = Extract<Answer<'getSession'>, { signedIn: true }>;
export type Permission = Session['permissions'][number];

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: () => unwrap(api.GET('/admin/api/session')),
  staleTime: Number.POSITIVE_INFINITY,
  refetchOnWindowFocus: false,
});

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error('useSession needs a signed-in person');
  return session;
}

export function useMay(): (permission: Permission) => boolean {
  const { permissions } = useSession();
  return (permission) => permissions.includes(permission);
}

/** Ends this session, or all sessions of the person, and reloads the page, so that it keeps no data of the session. */
export async function signOut({ everywhere }: { everywhere: boolean }): Promise<void> {
  const ended = unwrap(everywhere ? api.DELETE('/admin/api/sessions') : api.DELETE('/admin/api/session'));
  await ended.catch((error: unknown) => {
    // The session had already ended.
    if (!(error instanceof ApiError && error.status === 401)) throw error;
  });
  location.reload();
}
