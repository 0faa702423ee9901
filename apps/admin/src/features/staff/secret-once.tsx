import { Alert, Group, Text } from '@mantine/core';
import { Copy } from '../../ui/small.js';

/** A secret that nobody can read a second time. */
export function SecretOnce({ what, secret }: { what: string; secret: string }) {
  return (
    <Alert color="green" title={`${what}, shown this once`} role="status">
      <Text size="sm">Hand it over on a safe way. After closing this nobody can read it again.</Text>
      <Group gap="xs" mt={6}>
        <code className="code" data-secret>
          {secret}
        </code>
        <Copy value={secret} label={`Copy the ${what.toLowerCase()}`}>
          Copy
        </Copy>
      </Group>
    </Alert>
  );
}
