import { useQueryClient } from '@tanstack/react-query';

/** Returns a function that loads everything on screen again, except the session. */
export function useReload(): () => void {
  const queryClient = useQueryClient();
  return () => void queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' });
}
