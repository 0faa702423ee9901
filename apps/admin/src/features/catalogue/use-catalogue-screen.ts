/** The screen's address, and the part of the catalogue that its filters select. */
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { type Api, catalogueQuery, type Group } from '../../data/catalogue.js';
import { useReload } from '../../data/reload.js';
import { useMay } from '../../data/session.js';
import type { Fields } from '../../lib/search.js';

const route = getRouteApi('/catalogue');

export type CatalogueSearch = Fields<'q' | 'group' | 'only' | 'edit'>;

export function useCatalogueScreen() {
  const search: CatalogueSearch = route.useSearch();
  const navigate = useNavigate({ from: '/catalogue' });
  const reload = useReload();
  const catalogue = useQuery(catalogueQuery);
  const groups = catalogue.data?.groups ?? [];
  const apis = groups.flatMap((group) => group.apis);
  const filter = (fields: CatalogueSearch) =>
    void navigate({ search: (now) => ({ ...now, ...fields }), replace: true });
  const close = () => filter({ edit: undefined });
  return {
    search,
    catalogue,
    /** All groups and APIs, whatever the filters. */
    groups,
    apis,
    editing: apis.find(({ api }) => api === search.edit),
    mayWrite: useMay()('catalogue.write'),
    filtered: Object.keys(search).some((name) => name !== 'edit'),
    filter,
    clear: () => void navigate({ search: {} }),
    close,
    closeAndReload: () => {
      close();
      reload();
    },
  };
}

export type CatalogueScreen = ReturnType<typeof useCatalogueScreen>;

/** The groups that still have an API after filtering. */
export function matching(groups: readonly Group[], { q = '', group, only }: CatalogueSearch): Group[] {
  const matches = ({ api, title, edited, shadow, retiredAt }: Api) =>
    `${api} ${title}`.toLowerCase().includes(q.toLowerCase()) &&
    (only !== 'edited' || edited) &&
    (only !== 'shadow' || shadow) &&
    (only !== 'retired' || retiredAt !== null);
  return groups
    .filter((one) => group === undefined || one.group === group)
    .map((one) => ({ ...one, apis: one.apis.filter(matches) }))
    .filter(({ apis }) => apis.length > 0);
}
