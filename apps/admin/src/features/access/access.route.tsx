/** Who viewed which account, who exported what, and who signed in or tried to. For auditors and admins. */
import { Stack, Tabs } from '@mantine/core';
import { ExportCsv } from '../../ui/filters.js';
import { ListPanel } from '../../ui/list-panel.js';
import { EmptyState } from '../../ui/notes.js';
import { Page } from '../../ui/page.js';
import { AccountAccessFilters, SignInFilters } from './access-filters.js';
import { AccessTable } from './access-table.js';
import { SignInsTable } from './sign-ins-table.js';
import { type AccessScreen, type Tab, useAccessScreen } from './use-access-screen.js';

const TITLE = 'Access';

export function AccessRoute() {
  const screen = useAccessScreen();
  if (!screen.mayRead) return <NotAllowed />;
  return (
    <Page title={TITLE} actions={screen.mayExport && <ExportCsv {...screen.download} />}>
      <Tabs value={screen.tab} onChange={(value) => screen.show(value as Tab)} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="accounts">Account access</Tabs.Tab>
          <Tabs.Tab value="sign-ins">Sign-ins</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="accounts" pt="md">
          <AccountAccess screen={screen} />
        </Tabs.Panel>
        <Tabs.Panel value="sign-ins" pt="md">
          <SignIns screen={screen} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

function AccountAccess({ screen }: { screen: AccessScreen }) {
  const { access, search, filtered, page } = screen;
  const empty = filtered
    ? 'No access matches these filters. “Person or token” needs the full name, for example staff:ann@example.com or token:ci.'
    : 'No account was viewed and no list was exported yet.';
  return (
    <Stack gap="md">
      <AccountAccessFilters screen={screen} />
      <ListPanel
        label="Account access"
        query={access}
        empty={<EmptyState why={empty} />}
        after={search.after}
        onPage={page}
      >
        {(items) => <AccessTable items={items} />}
      </ListPanel>
    </Stack>
  );
}

function SignIns({ screen }: { screen: AccessScreen }) {
  const { signIns, search, filtered, page } = screen;
  const empty = filtered
    ? 'No sign-in matches these filters. “Login or token” needs the full login, for example ann@example.com.'
    : 'No sign-ins yet.';
  return (
    <Stack gap="md">
      <SignInFilters screen={screen} />
      <ListPanel label="Sign-ins" query={signIns} empty={<EmptyState why={empty} />} after={search.after} onPage={page}>
        {(items) => <SignInsTable items={items} />}
      </ListPanel>
    </Stack>
  );
}

function NotAllowed() {
  return (
    <Page title={TITLE}>
      <section className="panel">
        <EmptyState why="Only auditors and admins can see this screen. Ask an admin if you need another role." />
      </section>
    </Page>
  );
}
