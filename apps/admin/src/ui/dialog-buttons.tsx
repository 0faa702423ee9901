/** The buttons at the end of a dialog's form. */
import { Button, Group } from '@mantine/core';

export interface DialogButtonsProps {
  readonly onClose: () => void;
  /** The verb of the button that submits the form. */
  readonly submit: string;
  readonly saving: boolean;
  /** Submitted: only closing is left. */
  readonly done?: boolean;
  readonly disabled?: boolean;
  readonly color?: string | undefined;
}

export function DialogButtons({ onClose, submit, saving, done = false, disabled, color }: DialogButtonsProps) {
  return (
    <Group justify="flex-end">
      <Button variant="default" onClick={onClose}>
        {done ? 'Close' : 'Cancel'}
      </Button>
      {!done && (
        <Button type="submit" loading={saving} disabled={disabled} color={color}>
          {submit}
        </Button>
      )}
    </Group>
  );
}
