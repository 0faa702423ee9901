import { Alert, Center, Code, Stack, Text, Title } from '@mantine/core';
import type { Answer } from '../../api/client.js';
import { parseSearch } from '../../lib/search.js';
import { useDocumentTitle } from '../../ui/page.js';
import { type Methods, SignInForm } from './sign-in-form.js';
import { parseWait, WaitNote } from './wait-note.js';

/** The messages for `?signInFailed=`, with which the service sends the browser back. */
const FAILURES: Readonly<Record<string, string>> = {
  unavailable: 'The identity provider did not respond. Try again in a minute, or sign in with a password.',
  expired: 'The sign-in took too long. Start again.',
  refused: 'The identity provider refused the sign-in. Start again.',
  'too-many': 'Too many attempts to sign in. Try again in a minute.',
  'not-allowed': 'None of your groups at the identity provider has access to Rollgate. Ask an admin.',
};

export interface SignInScreenProps {
  readonly methods: Methods;
  readonly onSignedIn: (session: Answer<'getSession'>) => void;
}

export function SignInScreen({ methods, onSignedIn }: SignInScreenProps) {
  useDocumentTitle('Sign in');
  const { signInFailed = '', wait } = parseSearch(location.search);
  const failure = FAILURES[signInFailed];
  const waitSeconds = signInFailed === 'too-many' ? parseWait(wait) : undefined;
  return (
    <Center component="main" mih="100vh" p="md">
      <Stack w={360} maw="100%" gap="md">
        <Title order={1} ta="center">
          Rollgate
        </Title>
        {failure !== undefined && (
          <Alert color="orange" role="alert">
            {waitSeconds === undefined ? failure : <WaitNote seconds={waitSeconds} />}
          </Alert>
        )}
        <div className="panel">
          <Stack p="lg">
            <SignInForm methods={methods} onSignedIn={onSignedIn} />
          </Stack>
        </div>
        <Text size="sm" c="dimmed" ta="center">
          No login yet? Ask an admin to add you, or run <Code>rollgate staff add</Code>.
        </Text>
      </Stack>
    </Center>
  );
}
