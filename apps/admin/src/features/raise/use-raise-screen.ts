/** The drawer's address, what it loads, and how it saves: `?raise=acme&raiseApi=publish-bot&raiseFor=bot%3Db-17`. */
import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { catalogueQuery } from '../../data/catalogue.js';
import { type Created, createOverride, previewQuery } from '../../data/overrides.js';
import { useReload } from '../../data/reload.js';
import { fromValues } from '../../lib/search.js';
import type { Query } from '../../ui/loaded.js';
import { holdsSeveral, type Scope, scopesOf } from './scopes.js';

const CLOSED = { raise: undefined, raiseApi: undefined, raiseGroup: undefined, raiseFor: undefined } as const;

export function useRaiseScreen({ onCreated }: { onCreated: (created: Created) => void }) {
  const { raise: account = '', raiseApi: api, raiseGroup: group, raiseFor } = useSearch({ strict: false });
  const navigate = useNavigate();
  const reload = useReload();
  const catalogue = useQuery(catalogueQuery);
  const groups = catalogue.data?.groups ?? [];
  const scopes = scopesOf({ api, group, values: fromValues(raiseFor), groups });
  const [scope, setScope] = useState<Scope>(api ? 'api' : group ? 'group' : 'account');
  const target = { account, ...(scopes.find(({ value }) => value === scope)?.target ?? {}) };
  const several = holdsSeveral(scope);
  // With a factor, the preview includes which APIs an override of this scope would govern.
  const preview = useQuery(previewQuery({ ...target, ...(several ? { factor: 2 } : {}) }));
  const close = () => void navigate({ to: '.', search: (search) => ({ ...search, ...CLOSED }), replace: true });
  const save = useMutation({
    mutationFn: createOverride,
    onSuccess: (created) => {
      close();
      reload();
      onCreated(created);
    },
  });
  return {
    account,
    api,
    groups,
    scopes,
    scope,
    setScope,
    several,
    target,
    /** The preview without any limit typed, once the catalogue has loaded too. */
    base: catalogue.data === undefined ? { ...failureOf(catalogue), data: undefined } : preview,
    save,
    close,
    /** undefined: all APIs. */
    setApi: (next: string | undefined) => {
      setScope(next === undefined ? 'account' : 'api');
      void navigate({
        to: '.',
        search: (search) => ({ ...search, raiseApi: next, raiseFor: undefined }),
        replace: true,
      });
    },
  };
}

const failureOf = ({ error, refetch }: Query<unknown>) => ({ error, refetch });

export type RaiseScreen = ReturnType<typeof useRaiseScreen>;
