/** The people and programs that have access. Auditors read this screen, and admins change it. */
import { Button, Tabs } from '@mantine/core';
import { useSession } from '../../data/session.js';
import { Loaded } from '../../ui/loaded.js';
import { EmptyState } from '../../ui/notes.js';
import { Page } from '../../ui/page.js';
import { AddPerson } from './add-person.js';
import { CreateToken } from './create-token.js';
import { EditPerson } from './edit-person.js';
import { PeopleTable } from './people-table.js';
import { RevokeToken } from './revoke-token.js';
import { TokensTable } from './tokens-table.js';
import { type StaffScreen, type Tab, useStaffScreen } from './use-staff-screen.js';

const TITLE = 'Staff and tokens';

export function StaffRoute() {
  const screen = useStaffScreen();
  const { tab, people, tokens, mayWrite } = screen;
  if (!screen.mayRead) return <NotAllowed />;
  return (
    <Page
      title={TITLE}
      actions={
        mayWrite && (
          <Button size="sm" onClick={screen.add}>
            {tab === 'people' ? 'Add a person' : 'Create a token'}
          </Button>
        )
      }
    >
      <Tabs value={tab} onChange={(value) => screen.show(value as Tab)} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="people">People</Tabs.Tab>
          <Tabs.Tab value="tokens">Service tokens</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="people" pt="md">
          <section className="panel">
            <Loaded query={people}>{({ items }) => <PeopleTable items={items} mayWrite={mayWrite} />}</Loaded>
          </section>
        </Tabs.Panel>
        <Tabs.Panel value="tokens" pt="md">
          <section className="panel">
            <Loaded query={tokens} empty={<NoTokens />}>
              {({ items }) => <TokensTable items={items} mayWrite={mayWrite} />}
            </Loaded>
          </section>
        </Tabs.Panel>
      </Tabs>
      {mayWrite && <Dialogs screen={screen} />}
    </Page>
  );
}

function Dialogs({ screen: { tab, adding, person, token, close, reload } }: { screen: StaffScreen }) {
  const { permissions } = useSession();
  const same = { onClose: close, onChanged: reload };
  return (
    <>
      {adding && tab === 'people' && <AddPerson {...same} />}
      {adding && tab === 'tokens' && <CreateToken permissions={permissions} {...same} />}
      {person !== undefined && <EditPerson key={person.id} person={person} {...same} />}
      {token !== undefined && <RevokeToken token={token} {...same} />}
    </>
  );
}

function NotAllowed() {
  return (
    <Page title={TITLE}>
      <section className="panel">
        <EmptyState why="Only auditors and admins can see this screen. Ask an admin if you need a token or another role." />
      </section>
    </Page>
  );
}

function NoTokens() {
  return (
    <EmptyState why="No service tokens yet. A program needs one to call the admin API or to request decisions:">
      <pre className="code">{`curl http://127.0.0.1:3000/admin/api/accounts -H "authorization: Bearer rgt_…"`}</pre>
    </EmptyState>
  );
}
