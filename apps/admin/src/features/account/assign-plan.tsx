import { Button, Group, Select, Stack } from '@mantine/core';
import { named } from '../../lib/format.js';
import { DialogButtons } from '../../ui/dialog-buttons.js';
import { ExpiryChoice } from '../../ui/expiry-choice.js';
import { ReasonField } from '../../ui/forms.js';
import { LoweringNote, loweringOf } from '../../ui/lowering.js';
import { SaveNote } from '../../ui/notes.js';
import { Dialog } from '../../ui/side.js';
import { type AssignPlanProps, useAssignPlan } from './use-assign-plan.js';

/** Assigning another plan ends the present one at once. */
export function AssignPlan(props: AssignPlanProps) {
  const { account, current, onClose, onSaved } = props;
  const { choices, plan, setPlan, ends, reason, save, submit, lower } = useAssignPlan(props);
  const lowering = loweringOf(save.error);
  return (
    <Dialog title={`Plan of ${named(account)}`} onClose={onClose}>
      <form onSubmit={submit(false)} noValidate>
        <Stack>
          <Select
            label="Plan"
            placeholder={choices.length === 0 ? 'There are no plans' : 'Choose a plan'}
            data={choices}
            value={plan}
            onChange={setPlan}
            required
            data-autofocus
          />
          <ExpiryChoice {...ends} id="plan-end" label="Ends after" hours={[168, 720, 2160, 8760]} />
          <ReasonField {...reason.field} />
          {lowering !== undefined && <LoweringNote items={lowering} saving={save.isPending} onLower={lower} />}
          {lowering === undefined && save.error !== null && (
            <SaveNote error={save.error} outdated={false} onReload={onSaved} />
          )}
          <Group justify="space-between">
            {current === null ? (
              <span />
            ) : (
              <Button color="red" variant="outline" loading={save.isPending} onClick={() => submit(true)()}>
                End {named(current.planTitle)} now
              </Button>
            )}
            <DialogButtons onClose={onClose} submit="Assign" saving={save.isPending} disabled={plan === null} />
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
