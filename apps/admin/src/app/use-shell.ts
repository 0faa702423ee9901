/** The state around the screens: the menu on a phone, the dialogs, and the keyboard shortcuts of every page. */
import { useDisclosure } from '@mantine/hooks';
import { useNavigate, useRouterState } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useMay } from '../data/session.js';
import { useShortcuts } from '../lib/shortcuts.js';
import { PLACES } from './places.js';

export function useShell() {
  const may = useMay();
  const navigate = useNavigate();
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const raising = useRouterState({ select: ({ location }) => 'raise' in location.search });
  const [menuOpen, menu] = useDisclosure(false);
  const [finding, setFinding] = useState(false);
  const [keysOpen, setKeysOpen] = useState(false);
  const places = PLACES.filter(({ permission }) => may(permission));
  const find = () => {
    const box = document.querySelector<HTMLInputElement>('main [data-find-box]');
    if (box === null) setFinding(true);
    else box.focus();
  };
  useShortcuts('On every page', [
    { keys: '/', does: 'Find', run: find },
    { keys: 'mod+k', does: 'Find, also while typing', run: find },
    { keys: '?', does: 'Show keyboard shortcuts', run: () => setKeysOpen(true) },
    ...places.map(({ to, label, key }) => ({
      keys: `g ${key}`,
      does: `Go to ${label}`,
      run: () => void navigate({ to, search: {} }),
    })),
  ]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: opening another page closes the menu
  useEffect(() => menu.close(), [path]);
  return {
    path,
    places,
    menuOpen,
    toggleMenu: menu.toggle,
    find,
    finding,
    setFinding,
    keysOpen,
    setKeysOpen,
    /** The drawer that sets a custom limit is open. */
    settingLimit: raising && may('overrides.write'),
  };
}

export type ShellState = ReturnType<typeof useShell>;
