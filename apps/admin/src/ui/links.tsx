/** The router's links with Mantine's styles. */
import { Anchor, type AnchorProps, Button, type ButtonProps, NavLink, type NavLinkProps } from '@mantine/core';
import { INTERNAL_ACCOUNT } from '@rollgate/contract/units';
import { createLink } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, Ref } from 'react';
import { named } from '../lib/format.js';
import { toValues } from '../lib/search.js';

type Plain<Props> = Props &
  Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof Props> & { ref?: Ref<HTMLAnchorElement> };

export const TextLink = createLink((props: Plain<AnchorProps>) => <Anchor inherit {...props} />);
export const ButtonLink = createLink((props: Plain<ButtonProps>) => <Button component="a" {...props} />);
export const NavItem = createLink((props: Plain<NavLinkProps>) => <NavLink component="a" {...props} />);

/** An account's name, linked to its screen. */
export function AccountLink({ account, ...looks }: { account: string } & AnchorProps) {
  // Rollgate counts its own sign-in attempts under this account. It has no screen.
  if (account === INTERNAL_ACCOUNT) return <span>{account}</span>;
  return (
    <TextLink to="/accounts/$account" params={{ account }} search={{}} {...looks}>
      {named(account)}
    </TextLink>
  );
}

/** The name of the action everywhere: on buttons, in the drawer's title and in the list of shortcuts. */
export const SET_CUSTOM_LIMIT = 'Set custom limit';

export interface CustomLimitLinkProps extends ButtonProps {
  readonly account: string;
  readonly api?: string;
  /** An API group instead of an API. */
  readonly group?: string;
  readonly dimensions?: Readonly<Record<string, string>>;
  /** Names the row for people who cannot see where the button is. */
  readonly row?: string;
}

/** Opens the drawer that sets a custom limit, over the current screen. */
export function CustomLimitLink({ account, api, group, dimensions, row, ...looks }: CustomLimitLinkProps) {
  const raiseFor = dimensions === undefined || api === undefined ? undefined : toValues(dimensions);
  return (
    <ButtonLink
      to="."
      search={(search) => ({ ...search, raise: account, raiseApi: api, raiseGroup: group, raiseFor })}
      aria-label={row === undefined ? undefined : `${SET_CUSTOM_LIMIT} for ${row}`}
      {...looks}
    >
      {SET_CUSTOM_LIMIT}
    </ButtonLink>
  );
}
