/** What a limit can be for, from where the drawer was opened. */
import type { Group } from '../../data/catalogue.js';
import { subjectText } from '../../lib/format.js';

export type Scope = 'account' | 'group' | 'api' | 'subject';

export interface Target {
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

export function scopesOf({ api, group, values, groups }: From): ScopeChoice[] {
  const home = groups.find(({ apis, group: id }) =>
    api === undefined ? id === group : apis.some((one) => one.api === api),
  );
  const entry = home?.apis.find((one) => one.api === api);
  const names = (entry?.level ?? []).filter((name) => name !== 'account');
  const own = Object.fromEntries(names.filter((name) => name in values).map((name) => [name, values[name] ?? '']));
  const choices: ScopeChoice[] = [];
  if (api !== undefined) {
    if (names.length > 0 && Object.keys(own).length === names.length) {
      choices.push({
        value: 'subject',
        label: `Only ${subjectText(own)}`,
        about: `One subject of ${entry?.title ?? api}.`,
        target: { api, dimensions: own },
      });
    }
    const each =
      names.length === 0 ? 'It counts the whole account.' : `Each ${names.join(' and ').replaceAll('_', ' ')} gets it.`;
    choices.push({ value: 'api', label: entry?.title ?? api, about: each, target: { api } });
  }
  if (home !== undefined) {
    choices.push({
      value: 'group',
      label: `Group ${home.title}`,
      about: `Each of its ${home.apis.length} APIs gets it.`,
      target: { group: home.group },
    });
  }
  choices.push({ value: 'account', label: 'The whole account', about: 'Each API of the account gets it.', target: {} });
  return choices;
}
