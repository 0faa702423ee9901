import { Modal } from '@mantine/core';
import { useState } from 'react';
import { FindBox } from './find-box.js';

export function FindDialog({ onClose }: { onClose: () => void }) {
  const [q, setQ] = useState('');
  return (
    <Modal opened onClose={onClose} title="Find" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      <FindBox q={q} onType={setQ} onChosen={onClose} />
    </Modal>
  );
}
