/** The scopes that a custom limit can have, depending on where the drawer was opened. */
import type { Group } from '../../data/catalogue.js';
import { many, subjectText } from '../../lib/format.js';

export type Scope = 'account' | 'group' | 'api' | 'subject';

/** What the API needs to know about a scope, besides the account. */
interface Target {
  readonly group?: string;
  readonly api?: string;
  readonly dimensions?: Record<string, string>;
}

export interface ScopeChoice {
  readonly value: Scope;
  readonly label: string;
  readonly about: string;
  readonly target: Target;
}

interface From {
  readonly api: string | undefined;
  readonly group: string | undefined;
  readonly values: Readonly<Record<string, string>>;
  readonly groups: readonly Group[];
}

/** Whether a scope holds several APIs, each with its own default. */
export const holdsSeveral = (scope: Scope): boolean => scope === 'account' || scope === 'group';

/** The most specific scope first. */
export function scopesOf({ api, group, values, groups }: From): ScopeChoice[] {
  const home = groups.find(({ apis, group: id }) =>
    api === undefined ? id === group : apis.some((one) => one.api === api),
  );
  return [
    ...(api === undefined ? [] : apiScopes({ api, values, home })),
    ...(home === undefined ? [] : [groupScope(home)]),
    { value: 'account', label: 'The whole account', about: 'Applies to each API of the account.', target: {} },
  ];
}

interface ApiScopes {
  readonly api: string;
  readonly values: Readonly<Record<string, string>>;
  readonly home: Group | undefined;
}

/** One subject of the API, where all its dimensions are known, and the API. */
function apiScopes({ api, values, home }: ApiScopes): ScopeChoice[] {
  const entry = home?.apis.find((one) => one.api === api);
  const title = entry?.title ?? api;
  const names = (entry?.level ?? []).filter((name) => name !== 'account');
  const dimensions = Object.fromEntries(
    names.filter((name) => name in values).map((name) => [name, values[name] ?? '']),
  );
  const isKnown = names.length > 0 && Object.keys(dimensions).length === names.length;
  const about =
    names.length === 0
      ? 'Counted for the whole account.'
      : `Applies to each ${names.join(' and ').replaceAll('_', ' ')} separately.`;
  return [
    ...(isKnown
      ? [
          {
            value: 'subject' as const,
            label: `Only ${subjectText(dimensions)}`,
            about: `One subject of ${title}.`,
            target: { api, dimensions },
          },
        ]
      : []),
    { value: 'api', label: title, about, target: { api } },
  ];
}

const groupScope = ({ title, group, apis }: Group): ScopeChoice => ({
  value: 'group',
  label: `API group ${title}`,
  about: `Applies to each of its ${many(apis.filter(({ retiredAt }) => retiredAt === null).length, 'API')}.`,
  target: { group },
});
