import { Stack, Switch, Text } from '@mantine/core';
import type { Api } from '../../data/catalogue.js';
import { DialogButtons } from '../../ui/dialog-buttons.js';
import { LimitFields, ReasonField } from '../../ui/forms.js';
import { Limits } from '../../ui/limits.js';
import { TextLink } from '../../ui/links.js';
import { LoweringNote, loweringOf } from '../../ui/lowering.js';
import { isConflict, SaveNote } from '../../ui/notes.js';
import { Dialog } from '../../ui/side.js';
import { useEditApi } from './use-edit-api.js';

export interface EditApiProps {
  readonly api: Api;
  readonly onClose: () => void;
  readonly onSaved: () => void;
  readonly onReload: () => void;
}

export function EditApi({ api, onClose, onSaved, onReload }: EditApiProps) {
  const { limits, whatIf, shadow, setShadow, reason, save, submit } = useEditApi(api, onSaved);
  const lowering = loweringOf(save.error);
  return (
    <Dialog title={`Default limits of ${api.title}`} onClose={onClose}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <Text size="sm">
            Originally <Limits {...api.shipped} />. The default limits apply to every account without an override.
          </Text>
          <LimitFields {...limits} empty="Original limit" />
          <Text size="sm">
            <TextLink to="/what-if" search={whatIf}>
              What would this change touch?
            </TextLink>
          </Text>
          <Switch
            label="Shadow"
            description="Allows calls above the limit, and records them."
            checked={shadow}
            onChange={({ currentTarget }) => setShadow(currentTarget.checked)}
          />
          <ReasonField {...reason.field} autoFocus />
          {lowering !== undefined && (
            <LoweringNote items={lowering} saving={save.isPending} onLower={() => save.mutate(true)} />
          )}
          {lowering === undefined && save.error !== null && (
            <SaveNote error={save.error} outdated={isConflict(save.error)} onReload={onReload} />
          )}
          <DialogButtons onClose={onClose} submit="Save" saving={save.isPending} />
        </Stack>
      </form>
    </Dialog>
  );
}
