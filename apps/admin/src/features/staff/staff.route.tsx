/** People and machines that may come in. Auditors read, admins change. */
import { Button, Tabs } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useMay, useSession } from '../../data/session.js';
import { staffQuery, tokensQuery } from '../../data/staff.js';
import { EmptyState, ErrorNote, Loading } from '../../ui/notes.js';
import { Page } from '../../ui/page.js';
import { AddPerson } from './add-person.js';
import { CreateToken } from './create-token.js';
import { EditPerson } from './edit-person.js';
import { PeopleTable } from './people-table.js';
import { RevokeToken } from './revoke-token.js';
import { TokensTable } from './tokens-table.js';

const route = getRouteApi('/staff');

export function StaffRoute() {
  const search = route.useSearch();
  const navigate = useNavigate({ from: '/staff' });
  const queryClient = useQueryClient();
  const may = useMay();
  const { permissions } = useSession();
  const mayRead = may('staff.read');
  const people = useQuery({ ...staffQuery, enabled: mayRead });
  const tokens = useQuery({ ...tokensQuery, enabled: mayRead });
  const tab = search.tab === 'tokens' ? 'tokens' : 'people';
  const set = (fields: Partial<typeof search>) =>
    void navigate({ search: (now) => ({ ...now, ...fields }), replace: true });
  const close = () => set({ edit: undefined });
  const changed = () =>
    void queryClient.invalidateQueries({
      predicate: ({ queryKey }) => queryKey[0] === 'staff' || queryKey[0] === 'tokens',
    });
  const mayWrite = may('staff.write');
  if (!mayRead) {
    return (
      <Page title="Staff and tokens">
        <section className="panel">
          <EmptyState why="Only auditors and admins see who may come in. Ask an admin if you need a token or another role." />
        </section>
      </Page>
    );
  }
  const person = people.data?.items.find(({ id }) => id === search.edit);
  const token = tokens.data?.items.find(({ id }) => id === search.edit);
  const asked = tab === 'people' ? people : tokens;
  return (
    <Page
      title="Staff and tokens"
      actions={
        mayWrite && (
          <Button size="sm" onClick={() => set({ edit: 'new' })}>
            {tab === 'people' ? 'Add a person' : 'Make a token'}
          </Button>
        )
      }
    >
      <Tabs
        value={tab}
        onChange={(value) => set({ tab: value === 'tokens' ? 'tokens' : undefined, edit: undefined })}
        keepMounted={false}
      >
        <Tabs.List>
          <Tabs.Tab value="people">People</Tabs.Tab>
          <Tabs.Tab value="tokens">Service tokens</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="people" pt="md">
          {people.data !== undefined && (
            <section className="panel">
              <PeopleTable items={people.data.items} mayWrite={mayWrite} />
            </section>
          )}
        </Tabs.Panel>
        <Tabs.Panel value="tokens" pt="md">
          {tokens.data !== undefined && (
            <section className="panel">
              {tokens.data.items.length === 0 ? (
                <EmptyState why="No machine has a token. One is for a program that calls the admin API or asks for decisions:">
                  <pre className="code">{`curl http://127.0.0.1:3000/admin/api/accounts -H "authorization: Bearer rgt_…"`}</pre>
                </EmptyState>
              ) : (
                <TokensTable items={tokens.data.items} mayWrite={mayWrite} />
              )}
            </section>
          )}
        </Tabs.Panel>
      </Tabs>
      {asked.data === undefined &&
        (asked.error === null ? <Loading /> : <ErrorNote error={asked.error} retry={() => void asked.refetch()} />)}
      {mayWrite && search.edit === 'new' && tab === 'people' && <AddPerson onClose={close} onChanged={changed} />}
      {mayWrite && search.edit === 'new' && tab === 'tokens' && (
        <CreateToken permissions={permissions} onClose={close} onChanged={changed} />
      )}
      {mayWrite && person !== undefined && (
        <EditPerson key={person.id} person={person} onClose={close} onChanged={changed} />
      )}
      {mayWrite && token !== undefined && <RevokeToken token={token} onClose={close} onChanged={changed} />}
    </Page>
  );
}
