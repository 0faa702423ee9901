/** Shows the sign-in screen in place of the page until a person signs in. The address is kept. */
import { Center, Loader } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import type { Answer } from '../api/client.js';
import { SessionContext, sessionQuery } from '../data/session.js';
import { SignInDialog } from '../features/sign-in/sign-in-dialog.js';
import { SignInScreen } from '../features/sign-in/sign-in-screen.js';
import { signedInAgain, useSignInNeeded } from '../lib/sign-in-gate.js';
import { ErrorNote } from '../ui/notes.js';

export function SessionGate({ children }: { children: ReactNode }) {
  const { data, error, refetch } = useQuery(sessionQuery);
  const queryClient = useQueryClient();
  const needed = useSignInNeeded();
  if (data === undefined) {
    return (
      <Center component="main" mih="100vh" p="md">
        {error === null ? <Loader aria-label="Loading" /> : <ErrorNote error={error} retry={() => void refetch()} />}
      </Center>
    );
  }
  const enter = (session: Answer<'getSession'>) => {
    queryClient.setQueryData(sessionQuery.queryKey, session);
    signedInAgain();
    void queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' });
  };
  if (!data.signedIn) return <SignInScreen methods={data.methods} onSignedIn={enter} />;
  return (
    <SessionContext value={data}>
      {children}
      {needed && <SignInDialog login={data.staff.login} onSignedIn={enter} />}
    </SessionContext>
  );
}
