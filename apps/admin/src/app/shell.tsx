/** The frame around every screen: navigation, search, the environment, the signed-in person, and the state of the service. */
import { AppShell, Button } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { Outlet } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { FindDialog } from '../features/find/find-dialog.js';
import { HealthStrip } from '../features/system/health-strip.js';
import { Header } from './header.js';
import { KeySheet } from './key-sheet.js';
import { Navigation } from './navigation.js';
import { useShell } from './use-shell.js';

const RaiseDrawer = lazy(() =>
  import('../features/raise/raise.route.js').then(({ RaiseRoute }) => ({ default: RaiseRoute })),
);

export function Shell() {
  const shell = useShell();
  return (
    <AppShell
      header={{ height: 52 }}
      navbar={{ width: 216, breakpoint: 'sm', collapsed: { mobile: !shell.menuOpen } }}
      padding={{ base: 'sm', sm: 'md' }}
    >
      <Button className="skip" onClick={() => document.querySelector<HTMLElement>('main')?.focus()}>
        Skip to content
      </Button>
      <AppShell.Header>
        <Header shell={shell} />
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Screens">
        <Navigation shell={shell} />
      </AppShell.Navbar>
      <AppShell.Main tabIndex={-1} style={{ outline: 'none' }}>
        <HealthStrip />
        <div style={{ maxWidth: 1500, paddingTop: 16 }}>
          <Outlet />
        </div>
      </AppShell.Main>
      <Notifications position="bottom-right" autoClose={10_000} containerWidth={420} />
      {shell.finding && <FindDialog onClose={() => shell.setFinding(false)} />}
      <KeySheet opened={shell.keysOpen} onClose={() => shell.setKeysOpen(false)} />
      <Suspense>{shell.settingLimit && <RaiseDrawer />}</Suspense>
    </AppShell>
  );
}
