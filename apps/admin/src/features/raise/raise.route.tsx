/** The drawer over any screen: `?raise=acme&raiseApi=publish-bot&raiseFor=bot%3Db-17`. */
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { catalogueQuery } from '../../data/catalogue.js';
import { type Created, createOverride, type NewOverride, previewQuery } from '../../data/overrides.js';
import { named } from '../../lib/format.js';
import { fromValues } from '../../lib/search.js';
import { ErrorNote, Loading } from '../../ui/notes.js';
import { SideDrawer } from '../../ui/side.js';
import { RaiseForm } from './raise-form.js';
import { Filed, Saved } from './saved.js';
import { type Scope, scopesOf } from './scopes.js';

export function RaiseRoute() {
  const { raise: account = '', raiseApi, raiseGroup, raiseFor } = useSearch({ strict: false });
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const catalogue = useQuery(catalogueQuery);
  const scopes = scopesOf({
    api: raiseApi,
    group: raiseGroup,
    values: fromValues(raiseFor),
    groups: catalogue.data?.groups ?? [],
  });
  const [scope, setScope] = useState<Scope>(raiseApi ? 'api' : raiseGroup ? 'group' : 'account');
  const close = () =>
    void navigate({
      to: '.',
      search: (search) => ({
        ...search,
        raise: undefined,
        raiseApi: undefined,
        raiseGroup: undefined,
        raiseFor: undefined,
      }),
      replace: true,
    });
  const chooseApi = (api: string | undefined) => {
    setScope(api === undefined ? 'account' : 'api');
    void navigate({ to: '.', search: (search) => ({ ...search, raiseApi: api, raiseFor: undefined }), replace: true });
  };
  const target = { account, ...(scopes.find(({ value }) => value === scope)?.target ?? {}) };
  // With a factor it tells which APIs an override of this scope would govern.
  const several = scope === 'account' || scope === 'group';
  const base = useQuery(previewQuery({ ...target, ...(several ? { factor: 2 } : {}) }));
  const save = useMutation({
    mutationFn: (override: NewOverride) => createOverride(override),
    onSuccess: (created) => {
      close();
      void queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'session' });
      const id = 'request' in created ? created.request.id : created.override.id;
      notifications.show({
        id,
        autoClose: false,
        title: titleOf(created),
        color: 'request' in created || created.lowered.length > 0 ? 'orange' : 'green',
        message: 'request' in created ? <Filed created={created} /> : <Saved changed={created} />,
      });
    },
  });
  return (
    <SideDrawer title={`Raise a limit of ${named(account)}`} onClose={close}>
      {base.data === undefined || catalogue.data === undefined ? (
        base.error !== null ? (
          <ErrorNote error={base.error} retry={() => void base.refetch()} />
        ) : (
          <Loading />
        )
      ) : (
        <RaiseForm
          target={target}
          scopes={scopes}
          scope={scope}
          onScope={setScope}
          groups={catalogue.data.groups}
          api={raiseApi}
          onApi={chooseApi}
          base={base.data}
          saving={save.isPending}
          error={save.error}
          onSave={(override) => save.mutate(override)}
          onCancel={close}
        />
      )}
    </SideDrawer>
  );
}

/** What happened, not what was meant: a change that lowered something is no raise. */
function titleOf(created: Created): string {
  if ('request' in created) return 'It became a request for an admin';
  return created.lowered.length > 0 ? 'Limits changed, some are lower' : 'Limit raised';
}
