import { useQuery } from '@tanstack/react-query';
import { requestsQuery } from '../data/requests.js';
import { NavItem } from '../ui/links.js';
import { Tag } from '../ui/small.js';
import type { ShellState } from './use-shell.js';

export function Navigation({ shell: { places, path } }: { shell: ShellState }) {
  return places.map(({ to, label }) => (
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
  ));
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
