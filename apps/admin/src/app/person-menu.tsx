import { Menu, Text, UnstyledButton } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { signOut, useSession } from '../data/session.js';
import { complaint } from '../ui/notes.js';

const ChangePassword = lazy(() =>
  import('../features/sign-in/change-password.js').then((found) => ({ default: found.ChangePassword })),
);

/** The signed-in person, and what they can do about their session. */
export function PersonMenu() {
  const { staff } = useSession();
  const { mutate: leave } = useMutation({
    mutationFn: signOut,
    onError: (error) => notifications.show({ color: 'red', title: 'Not signed out', message: complaint(error) }),
  });
  const [changing, setChanging] = useState(false);
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <UnstyledButton px="xs" py={4}>
            <Text size="sm" truncate maw={{ base: 110, sm: 190 }}>
              {staff.displayName} ▾
            </Text>
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>
            {staff.login}, {staff.role}
          </Menu.Label>
          {staff.signsInBy === 'password' && <Menu.Item onClick={() => setChanging(true)}>Change password…</Menu.Item>}
          <Menu.Item onClick={() => leave({ everywhere: false })}>Sign out</Menu.Item>
          <Menu.Item onClick={() => leave({ everywhere: true })}>Sign out everywhere</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Suspense>{changing && <ChangePassword onClose={() => setChanging(false)} />}</Suspense>
    </>
  );
}
