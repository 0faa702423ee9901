import { Alert, Button, Divider, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type Answer, ApiError, api, unwrap } from '../../api/client.js';
import { WaitNote, waitSecondsOf } from './wait-note.js';

export type Methods = Extract<Answer<'getSession'>, { signedIn: false }>['methods'];

export interface SignInFormProps {
  readonly methods: Methods;
  readonly login?: string;
  /** The identity provider opens in a new tab, so that this one keeps what was typed. */
  readonly newTab?: boolean;
  readonly onSignedIn: (session: Answer<'getSession'>) => void;
}

export function SignInForm({ methods, login: known = '', newTab = false, onSignedIn }: SignInFormProps) {
  const [login, setLogin] = useState(known);
  const [password, setPassword] = useState('');
  const signIn = useMutation({
    mutationFn: () => unwrap(api.POST('/admin/api/session', { body: { login, password } })),
    onSuccess: onSignedIn,
    // Clears the password only; the login stays as it was typed.
    onError: () => setPassword(''),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate();
  };
  const focusOn = (here: boolean) => ({ autoFocus: here, 'data-autofocus': here || undefined });
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          {...{ label: 'Login', autoComplete: 'username', value: login, required: true, withAsterisk: false }}
          {...focusOn(known === '')}
          onChange={({ currentTarget }) => setLogin(currentTarget.value)}
        />
        <PasswordInput
          {...{ label: 'Password', autoComplete: 'current-password', value: password, required: true }}
          {...focusOn(known !== '')}
          withAsterisk={false}
          visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
          onChange={({ currentTarget }) => setPassword(currentTarget.value)}
        />
        {signIn.error !== null && (
          <Alert color="red" role="alert">
            <SignInComplaint key={signIn.submittedAt} error={signIn.error} />
          </Alert>
        )}
        <Button type="submit" loading={signIn.isPending}>
          Sign in
        </Button>
        {methods.oidc !== null && <ProviderLink oidc={methods.oidc} newTab={newTab} />}
      </Stack>
    </form>
  );
}

function ProviderLink({ oidc, newTab }: { oidc: NonNullable<Methods['oidc']>; newTab: boolean }) {
  return (
    <>
      <Divider label="or" />
      <Button
        component="a"
        variant="default"
        href={`${oidc.startPath}?returnTo=${encodeURIComponent(location.pathname + location.search)}`}
        {...(newTab ? { target: '_blank' } : {})}
      >
        Sign in with {new URL(oidc.issuer).host}
      </Button>
    </>
  );
}

function SignInComplaint({ error }: { error: Error }) {
  const seconds = waitSecondsOf(error);
  if (seconds !== undefined) return <WaitNote seconds={seconds} />;
  if (error instanceof ApiError && error.status === 400) return 'Enter a login such as ann@example.com.';
  return error.message;
}
