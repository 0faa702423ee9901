/** Mantine's looks on the router's links. */
import { Anchor, type AnchorProps, Button, type ButtonProps, NavLink, type NavLinkProps } from '@mantine/core';
import { INTERNAL_ACCOUNT } from '@rollgate/contract/units';
import { createLink } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, Ref } from 'react';
import { named } from '../lib/format.js';

type Plain<Props> = Props &
  Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof Props> & { ref?: Ref<HTMLAnchorElement> };

export const TextLink = createLink((props: Plain<AnchorProps>) => <Anchor inherit {...props} />);
export const ButtonLink = createLink((props: Plain<ButtonProps>) => <Button component="a" {...props} />);
export const NavItem = createLink((props: Plain<NavLinkProps>) => <NavLink component="a" {...props} />);

/** An account's name, and the way to its page. */
export function AccountLink({ account, ...looks }: { account: string } & AnchorProps) {
  // Rollgate counts for itself under it: it has no page.
  if (account === INTERNAL_ACCOUNT) return <span>{account}</span>;
  return (
    <TextLink to="/accounts/$account" params={{ account }} search={{}} {...looks}>
      {named(account)}
    </TextLink>
  );
}
