/** Drawers and dialogs. The focus moves into them, stays inside, and returns to where it was. */
import { Drawer, Modal } from '@mantine/core';
import { type ReactNode, useEffect, useState } from 'react';

export interface SideProps {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly size?: number;
}

const FRAME = {
  // A click outside must not discard what was typed.
  closeOnClickOutside: false,
  // useReturnFocus does that.
  returnFocus: false,
  closeButtonProps: { 'aria-label': 'Close' },
  styles: { title: { fontWeight: 700 } },
} as const;

export function SideDrawer({ title, onClose, children, size = 560 }: SideProps) {
  useReturnFocus();
  return (
    <Drawer opened onClose={onClose} title={title} position="right" size={size} {...FRAME}>
      {children}
    </Drawer>
  );
}

export function Dialog({ title, onClose, children, size = 520 }: SideProps) {
  useReturnFocus();
  return (
    <Modal opened onClose={onClose} title={title} size={size} {...FRAME}>
      {children}
    </Modal>
  );
}

function useReturnFocus(): void {
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      // After the focus trap has ended. If the earlier element no longer exists, the screen gets the focus.
      setTimeout(() => {
        const back = before instanceof HTMLElement && before.isConnected && before !== document.body ? before : null;
        (back ?? document.querySelector<HTMLElement>('main'))?.focus();
      });
    },
    [before],
  );
}
