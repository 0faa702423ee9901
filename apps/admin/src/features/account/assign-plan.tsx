import { Button, Group, Select, Stack } from '@mantine/core';
import { many, named } from '../../lib/format.js';
import { DialogButtons } from '../../ui/dialog-buttons.js';
import { Effects } from '../../ui/effects.js';
import { ExpiryChoice } from '../../ui/expiry-choice.js';
import { ReasonField } from '../../ui/forms.js';
import { LoweringNote, loweringOf } from '../../ui/lowering.js';
import { SaveNote } from '../../ui/notes.js';
import { Dialog } from '../../ui/side.js';
import { Time } from '../../ui/small.js';
import { StartChoice } from '../../ui/start-choice.js';
import { type AssignPlanProps, useAssignPlan } from './use-assign-plan.js';

/** Assigning another plan ends the present one when the new one starts. */
export function AssignPlan(props: AssignPlanProps) {
  const { account, open, onClose, onSaved } = props;
  const { choices, plan, setPlan, starts, ends, preview, ready, reason, save, assign, end, lower } =
    useAssignPlan(props);
  const lowering = loweringOf(save.error);
  return (
    <Dialog title={`Plan of ${named(account)}`} onClose={onClose}>
      <form onSubmit={assign} noValidate>
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
          <StartChoice {...starts} id="plan-start" />
          <ExpiryChoice {...ends} id="plan-end" label="Ends after" hours={[168, 720, 2160, 8760]} />
          {plan !== null && (
            <Effects
              preview={preview}
              says={(apis) => `When it starts, this changes the limits of ${many(apis, 'API')}.`}
            />
          )}
          <ReasonField {...reason.field} />
          {lowering !== undefined && <LoweringNote items={lowering} saving={save.isPending} onLower={lower} />}
          {lowering === undefined && save.error !== null && (
            <SaveNote error={save.error} outdated={false} onReload={onSaved} />
          )}
          <Group justify="space-between">
            <Group gap="xs">
              {open.map((one) => (
                <Button key={one.id} color="red" variant="outline" loading={save.isPending} onClick={() => end(one)}>
                  {one.state === 'inForce' ? (
                    `End ${named(one.planTitle)} now`
                  ) : (
                    <>
                      Cancel {named(one.planTitle)} from <Time at={one.startsAt} />
                    </>
                  )}
                </Button>
              ))}
            </Group>
            <DialogButtons onClose={onClose} submit="Assign" saving={save.isPending} disabled={!ready} />
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
