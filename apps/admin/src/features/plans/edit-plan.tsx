/** Creates or changes a plan, with what the change touches. */
import { Button, Group, Stack, TextInput } from '@mantine/core';
import type { Plan } from '../../data/plans.js';
import { many, named } from '../../lib/format.js';
import { DialogButtons } from '../../ui/dialog-buttons.js';
import { Effects } from '../../ui/effects.js';
import { ReasonField } from '../../ui/forms.js';
import { LoweringNote, loweringOf } from '../../ui/lowering.js';
import { isConflict, SaveNote } from '../../ui/notes.js';
import { PlanLimitRows } from '../../ui/plan-limit-rows.js';
import { Dialog } from '../../ui/side.js';
import { type PlanForm, useEditPlan } from './use-edit-plan.js';

export interface EditPlanProps {
  /** undefined: a new one. */
  readonly plan: Plan | undefined;
  readonly onClose: () => void;
  readonly onSaved: () => void;
  readonly onReload: () => void;
}

export function EditPlan({ plan, onClose, onSaved, onReload }: EditPlanProps) {
  const form = useEditPlan(plan, onSaved);
  const { reason, save, submit } = form;
  const lowering = loweringOf(save.error);
  return (
    <Dialog title={plan === undefined ? 'Create plan' : `Plan ${named(plan.title)}`} onClose={onClose} size={760}>
      <form onSubmit={submit({})} noValidate>
        <Stack>
          <Names plan={plan} form={form} />
          <PlanLimitRows {...form.rows} />
          <Effects
            preview={form.preview}
            says={(apis) =>
              `This changes the limits of ${many(apis, 'API')} for ${many(form.preview.data?.accounts ?? 0, 'assigned account')}.`
            }
          />
          <ReasonField {...reason.field} />
          {lowering !== undefined && (
            <LoweringNote items={lowering} saving={save.isPending} onLower={submit({ allowLowering: true })} />
          )}
          {lowering === undefined && save.error !== null && (
            <SaveNote error={save.error} outdated={isConflict(save.error)} onReload={onReload} />
          )}
          <Group justify="space-between">
            <Retire plan={plan} form={form} />
            <DialogButtons onClose={onClose} submit={plan === undefined ? 'Create' : 'Save'} saving={save.isPending} />
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

function Names({ plan, form: { fields } }: { plan: Plan | undefined; form: PlanForm }) {
  return (
    <>
      <Group grow align="flex-start">
        {plan === undefined && (
          <TextInput
            label="ID"
            description="As applications and exports name it, e.g. pro."
            required
            data-autofocus
            maxLength={64}
            value={fields.id}
            onChange={({ currentTarget }) => fields.setId(currentTarget.value)}
          />
        )}
        <TextInput
          label="Title"
          description={plan === undefined ? 'As people read it.' : undefined}
          maxLength={200}
          value={fields.title}
          onChange={({ currentTarget }) => fields.setTitle(currentTarget.value)}
        />
      </Group>
      <TextInput
        label="Description"
        maxLength={2_000}
        value={fields.description}
        onChange={({ currentTarget }) => fields.setDescription(currentTarget.value)}
      />
    </>
  );
}

/** A retired plan can't be assigned any more; accounts that have it keep it. */
function Retire({ plan, form: { save, submit } }: { plan: Plan | undefined; form: PlanForm }) {
  if (plan === undefined) return <span />;
  const retired = plan.retiredAt !== null;
  return (
    <Button
      variant="outline"
      color={retired ? undefined : 'red'}
      loading={save.isPending}
      title="Accounts that have the plan keep it."
      onClick={() => submit({ retired: !retired })()}
    >
      {retired ? 'Restore' : 'Retire'}
    </Button>
  );
}
