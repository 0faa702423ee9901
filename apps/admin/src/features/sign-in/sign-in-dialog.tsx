/** Over the page when the session has ended: what was typed stays, and what was asked goes on after signing in. */
import { Modal, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { type Answer, api, told } from '../../api/client.js';
import { SignInForm } from './sign-in-form.js';

export interface SignInDialogProps {
  readonly login: string;
  readonly onSignedIn: (session: Answer<'getSession'>) => void;
}

export function SignInDialog({ login, onSignedIn }: SignInDialogProps) {
  // Signed in from another tab, this one goes on as soon as it is looked at.
  const { data } = useQuery({
    queryKey: ['session', 'again'],
    queryFn: () => told(api.GET('/admin/api/session')),
    refetchOnWindowFocus: 'always',
    staleTime: 0,
    // What an earlier dialog heard says nothing of now.
    gcTime: 0,
  });
  useEffect(() => {
    if (data?.signedIn) onSignedIn(data);
  }, [data, onSignedIn]);
  const methods = data?.signedIn === false ? data.methods : { local: true as const, oidc: null };
  return (
    <Modal
      opened
      onClose={() => {}}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title="Please sign in again"
      zIndex={1000}
      centered
    >
      <Stack>
        <Text size="sm">Your session has ended. What you typed is kept and goes on after signing in.</Text>
        <SignInForm methods={methods} login={login} besides onSignedIn={onSignedIn} />
      </Stack>
    </Modal>
  );
}
