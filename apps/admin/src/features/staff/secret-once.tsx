import { Alert, Group, Text } from '@mantine/core';
import { Copy } from '../../ui/small.js';

/** A new password or token. The service stores only its hash, so it cannot be shown again. */
export function SecretOnce({ what, secret }: { what: 'Password' | 'Token'; secret: string }) {
  return (
    <Alert color="green" title={`${what} created`} role="status">
      <Text size="sm">Copy it now; it will not be shown again. Share it through a secure channel.</Text>
      <Group gap="xs" mt={6}>
        <code className="code" data-secret>
          {secret}
        </code>
        <Copy value={secret}>Copy</Copy>
      </Group>
    </Alert>
  );
}
