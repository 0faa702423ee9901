/** Appears over the page when the session has ended. After signing in, the calls that were waiting are sent. */
import { Modal, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { type Answer, api, unwrap } from '../../api/client.js';
import { SignInForm } from './sign-in-form.js';

export interface SignInDialogProps {
  readonly login: string;
  readonly onSignedIn: (session: Answer<'getSession'>) => void;
}

export function SignInDialog({ login, onSignedIn }: SignInDialogProps) {
  // If the person signs in in another tab, this one continues as soon as it has the focus.
  const { data } = useQuery({
    queryKey: ['session', 'again'],
    queryFn: () => unwrap(api.GET('/admin/api/session')),
    refetchOnWindowFocus: 'always',
    staleTime: 0,
    // The answer that an earlier dialog received is outdated.
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
      title="Sign in again"
      zIndex={1000}
      centered
    >
      <Stack>
        <Text size="sm">Your session has ended. What you typed is kept, and is sent after you sign in.</Text>
        <SignInForm methods={methods} login={login} newTab onSignedIn={onSignedIn} />
      </Stack>
    </Modal>
  );
}
