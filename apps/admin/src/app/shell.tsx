/** What stands around every screen: the ways in, whose place this is, and how the service is. */
import { AppShell, Burger, Button, Group, Menu, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { Notifications, notifications } from '@mantine/notifications';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Outlet, useNavigate, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useEffect, useState } from 'react';
import { requestsQuery } from '../data/requests.js';
import { type Permission, signOut, useMay, useSession } from '../data/session.js';
import { FindDialog } from '../features/find/find-dialog.js';
import { HealthStrip } from '../features/system/health-strip.js';
import { useShortcuts } from '../lib/shortcuts.js';
import { NavItem } from '../ui/links.js';
import { complaint } from '../ui/notes.js';
import { Kbd, Tag } from '../ui/small.js';
import { KeySheet } from './key-sheet.js';

const ChangePassword = lazy(() =>
  import('../features/sign-in/change-password.js').then((found) => ({ default: found.ChangePassword })),
);
const RaiseDrawer = lazy(() =>
  import('../features/raise/raise.route.js').then(({ RaiseRoute }) => ({ default: RaiseRoute })),
);

interface Place {
  readonly to: '/' | '/requests' | '/denied' | '/overrides' | '/near' | '/history' | '/catalogue' | '/staff';
  readonly label: string;
  readonly key: string;
  readonly permission: Permission;
}

const PLACES: readonly Place[] = [
  { to: '/', label: 'Find', key: 'f', permission: 'accounts.read' },
  { to: '/requests', label: 'Requests', key: 'r', permission: 'requests.read' },
  { to: '/denied', label: 'Denied events', key: 'd', permission: 'events.read' },
  { to: '/near', label: 'Near the limit', key: 'n', permission: 'accounts.read' },
  { to: '/overrides', label: 'Overrides', key: 'o', permission: 'overrides.read' },
  { to: '/history', label: 'History', key: 'h', permission: 'history.read' },
  { to: '/catalogue', label: 'Catalogue', key: 'c', permission: 'catalogue.read' },
  { to: '/staff', label: 'Staff and tokens', key: 's', permission: 'staff.read' },
];

export function Shell() {
  const may = useMay();
  const navigate = useNavigate();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const raising = useRouterState({ select: ({ location }) => 'raise' in location.search });
  const [menuOpen, menu] = useDisclosure(false);
  const [finding, setFinding] = useState(false);
  const [sheetOpen, setSheetOpen] = useState(false);
  const places = PLACES.filter(({ permission }) => may(permission));
  const find = () => {
    const box = document.querySelector<HTMLInputElement>('main [data-find-box]');
    if (box === null) setFinding(true);
    else box.focus();
  };
  useShortcuts('Everywhere', [
    { keys: '/', does: 'Find', run: find },
    { keys: 'mod+k', does: 'Find, also while typing', run: find },
    { keys: '?', does: 'This sheet', run: () => setSheetOpen(true) },
    ...places.map(({ to, label, key }) => ({
      keys: `g ${key}`,
      does: `Go to ${label}`,
      run: () => void navigate({ to, search: {} }),
    })),
  ]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the menu
  useEffect(() => menu.close(), [path]);
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 196, breakpoint: 'sm', collapsed: { mobile: !menuOpen } }}
      padding={{ base: 'sm', sm: 'md' }}
    >
      <Button className="skip" onClick={() => document.querySelector<HTMLElement>('main')?.focus()}>
        Skip to the content
      </Button>
      <AppShell.Header>
        <Group h="100%" px="md" gap="sm" wrap="nowrap">
          <Burger
            opened={menuOpen}
            onClick={menu.toggle}
            hiddenFrom="sm"
            size="sm"
            aria-label="Menu"
            aria-expanded={menuOpen}
          />
          <Text fw={700} visibleFrom="xs">
            Rollgate
          </Text>
          <Environment />
          <Button
            variant="default"
            size="xs"
            onClick={find}
            miw={76}
            style={{ flex: '0 1 260px' }}
            justify="space-between"
            rightSection={
              <Text span visibleFrom="sm">
                <Kbd>/</Kbd>
              </Text>
            }
          >
            Find …
          </Button>
          <Group gap="xs" ml="auto" wrap="nowrap">
            <Button
              variant="subtle"
              size="compact-sm"
              onClick={() => setSheetOpen(true)}
              aria-label="Keys"
              visibleFrom="xs"
            >
              ?
            </Button>
            <PersonMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Screens">
        {places.map(({ to, label }) => (
          <NavItem
            key={to}
            to={to}
            search={{}}
            label={label}
            activeProps={{ 'aria-current': 'page' }}
            activeOptions={{ exact: to === '/', includeSearch: false }}
            active={to === '/' ? path === '/' : path.startsWith(to)}
            rightSection={to === '/requests' ? <OpenRequests /> : undefined}
          />
        ))}
      </AppShell.Navbar>
      <AppShell.Main tabIndex={-1} style={{ outline: 'none' }}>
        <HealthStrip />
        <div style={{ maxWidth: 1500, paddingTop: 16 }}>
          <Outlet />
        </div>
      </AppShell.Main>
      <Notifications position="bottom-right" autoClose={10_000} containerWidth={420} />
      {finding && <FindDialog onClose={() => setFinding(false)} />}
      <KeySheet opened={sheetOpen} onClose={() => setSheetOpen(false)} />
      <Suspense>{raising && may('overrides.write') && <RaiseDrawer />}</Suspense>
    </AppShell>
  );
}

/** Nobody is to take production for a test. */
function Environment() {
  const { environment } = useSession();
  return <Tag tone={/^prod/i.test(environment) ? 'bad' : 'info'}>{environment}</Tag>;
}

function OpenRequests() {
  const { data } = useQuery(requestsQuery({ state: 'open', limit: 25 }));
  const open = data?.items.length ?? 0;
  if (open === 0) return null;
  return (
    <Tag tone="warn">
      {open}
      {data?.next === null ? '' : '+'} open
    </Tag>
  );
}

function PersonMenu() {
  const { staff } = useSession();
  const { mutate: leave } = useMutation({
    mutationFn: signOut,
    onError: (error) => notifications.show({ color: 'red', title: 'Still signed in', message: complaint(error) }),
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
          {staff.signsInBy === 'password' && <Menu.Item onClick={() => setChanging(true)}>Change password …</Menu.Item>}
          <Menu.Item onClick={() => leave({ everywhere: false })}>Sign out</Menu.Item>
          <Menu.Item onClick={() => leave({ everywhere: true })}>Sign out everywhere</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Suspense>{changing && <ChangePassword onClose={() => setChanging(false)} />}</Suspense>
    </>
  );
}
