import { Alert, Button, Divider, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type Answer, ApiError, api, told } from '../../api/client.js';
import { WaitNote, waitSecondsOf } from './wait-note.js';

export type Methods = Extract<Answer<'getSession'>, { signedIn: false }>['methods'];

export interface SignInFormProps {
  readonly methods: Methods;
  readonly login?: string;
  /** In another tab, so that this one keeps what was typed. */
  readonly besides?: boolean;
  readonly onSignedIn: (session: Answer<'getSession'>) => void;
}

export function SignInForm({ methods, login: known = '', besides = false, onSignedIn }: SignInFormProps) {
  const [login, setLogin] = useState(known);
  const [password, setPassword] = useState('');
  const signIn = useMutation({
    mutationFn: () => told(api.POST('/admin/api/session', { body: { login, password } })),
    onSuccess: onSignedIn,
    // Only the password: the login stays as it was typed.
    onError: () => setPassword(''),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate();
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          label="Login"
          autoComplete="username"
          value={login}
          onChange={({ currentTarget }) => setLogin(currentTarget.value)}
          data-autofocus={known === '' || undefined}
          autoFocus={known === ''}
          required
          withAsterisk={false}
        />
        <PasswordInput
          label="Password"
          autoComplete="current-password"
          value={password}
          onChange={({ currentTarget }) => setPassword(currentTarget.value)}
          data-autofocus={known !== '' || undefined}
          autoFocus={known !== ''}
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
        />
        {signIn.error !== null && (
          <Alert color="red" role="alert">
            <SignInComplaint key={signIn.submittedAt} error={signIn.error} />
          </Alert>
        )}
        <Button type="submit" loading={signIn.isPending}>
          Sign in
        </Button>
        {methods.oidc !== null && (
          <>
            <Divider label="or" />
            <Button
              component="a"
              variant="default"
              href={`${methods.oidc.startPath}?returnTo=${encodeURIComponent(location.pathname + location.search)}`}
              {...(besides ? { target: '_blank' } : {})}
            >
              Sign in with {new URL(methods.oidc.issuer).host}
            </Button>
          </>
        )}
      </Stack>
    </form>
  );
}

function SignInComplaint({ error }: { error: Error }) {
  const seconds = waitSecondsOf(error);
  if (seconds !== undefined) return <WaitNote seconds={seconds} />;
  if (error instanceof ApiError && error.status === 400) return 'That is no login. It looks like ann@example.com.';
  return error.message;
}
