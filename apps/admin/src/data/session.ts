/** Who is signed in, for every screen. */
import { queryOptions } from '@tanstack/react-query';
import { createContext, useContext } from 'react';
import { type Answer, ApiError, api, told } from '../api/client.js';

export type Session = Extract<Answer<'getSession'>, { signedIn: true }>;
export type Permission = Session['permissions'][number];

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: () => told(api.GET('/admin/api/session')),
  staleTime: Number.POSITIVE_INFINITY,
  refetchOnWindowFocus: false,
});

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error('nobody is signed in here');
  return session;
}

export function useMay(): (permission: Permission) => boolean {
  const { permissions } = useSession();
  return (permission) => permissions.includes(permission);
}

/** Ends the session here, or wherever this person is signed in, and begins anew: nothing of it stays in the page. */
export async function signOut({ everywhere }: { everywhere: boolean }): Promise<void> {
  const ended = told(everywhere ? api.DELETE('/admin/api/sessions') : api.DELETE('/admin/api/session'));
  await ended.catch((error: unknown) => {
    // It had ended already.
    if (!(error instanceof ApiError && error.status === 401)) throw error;
  });
  location.reload();
}
