import { Button, Group, Stack } from '@mantine/core';
import type { Preview } from '../../data/overrides.js';
import { ExpiryChoice } from '../../ui/expiry-choice.js';
import { ReasonField, TicketField } from '../../ui/forms.js';
import { SET_CUSTOM_LIMIT } from '../../ui/links.js';
import { ErrorNote } from '../../ui/notes.js';
import { ApprovalLimit } from './approval-limit.js';
import { BeforeAfter } from './before-after.js';
import { Confirmations } from './confirmations.js';
import { LastHour } from './last-hour.js';
import { NewLimits } from './new-limits.js';
import { ScopeFields } from './scope-fields.js';
import { useRaiseForm } from './use-raise-form.js';
import type { RaiseScreen } from './use-raise-screen.js';

/** `base`: the preview without any limit typed. */
export function RaiseForm({ screen, base }: { screen: RaiseScreen; base: Preview }) {
  const { several, save, close } = screen;
  const { form, raise, reason, ticket, setTicket, missing, confirmed, onConfirm, preview, submit } = useRaiseForm(
    screen,
    base,
  );
  const stale = raise.preview.isFetching;
  return (
    <form ref={form} onSubmit={submit} noValidate>
      <Stack gap="md">
        <ScopeFields screen={screen} onRestart={raise.restart} />
        <NewLimits raise={raise} several={several} missing={missing} />
        {raise.sets && preview !== undefined && (
          <BeforeAfter effects={preview.effects} adds={raise.setting === 'extra'} stale={stale} />
        )}
        {preview !== undefined && <LastHour lastHour={preview.lastHour} stale={stale} />}
        <ExpiryChoice
          id="raise-expiry"
          value={raise.expiry}
          onChange={raise.setExpiry}
          hours={[1, 24, 168, 720]}
          mayBeNever={base.ceiling.days === null && raise.setting !== 'extra'}
        />
        <Confirmations preview={preview} confirmed={confirmed} onConfirm={onConfirm} missing={missing} />
        <ReasonField {...reason.field} description="What the customer said or what you found. The history keeps it." />
        <TicketField value={ticket} onChange={setTicket} />
        <ApprovalLimit
          ceiling={base.ceiling}
          above={raise.above}
          several={several}
          mayRequest={raise.setting !== 'extra'}
        />
        {save.error !== null && <ErrorNote error={save.error} title="Not saved" />}
        <Group justify="flex-end" className="sticky-foot">
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
          <Button type="submit" loading={save.isPending} color={lowersOnly(preview) ? 'red' : undefined}>
            {raise.above && raise.setting !== 'extra'
              ? 'Send limit request'
              : lowersOnly(preview)
                ? 'Lower limit'
                : SET_CUSTOM_LIMIT}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** The change lowers limits and raises none. */
function lowersOnly(preview: Preview | undefined): boolean {
  if (preview === undefined || preview.lowered.length === 0) return false;
  return !preview.effects.some(
    ({ before, after }) => after.perMinute > before.perMinute || after.perHour > before.perHour,
  );
}
