import { Button, Divider, Group, Stack } from '@mantine/core';
import type { Override } from '../../data/overrides.js';
import { useSession } from '../../data/session.js';
import { ExpiryChoice } from '../../ui/expiry-choice.js';
import { ExtraFields, FactorField, LimitFields, ReasonField } from '../../ui/forms.js';
import { LoweringNote, loweringOf } from '../../ui/lowering.js';
import { isConflict, SaveNote } from '../../ui/notes.js';
import { KEEP_EXPIRY, useOverrideForm } from './use-override-form.js';

export function OverrideForm({ override, onReload }: { override: Override; onReload: () => void }) {
  const { ceilings } = useSession();
  const { isExpired, kind, limits, factor, extra, expiry, reason, save, submit, lower } = useOverrideForm(override);
  const lowering = loweringOf(save.error);
  return (
    <form onSubmit={submit(isExpired ? 'restore' : 'change')} noValidate>
      <Divider label={isExpired ? 'Restore' : 'Change'} mb="sm" />
      <Stack>
        {!isExpired && kind === 'limits' && <LimitFields {...limits} />}
        {!isExpired && kind === 'factor' && <FactorField {...factor} />}
        {!isExpired && kind === 'extra' && <ExtraFields {...extra} />}
        <ExpiryChoice
          {...expiry}
          id="override-expiry"
          label={isExpired ? 'Expires after' : 'Expires after, counted from now'}
          first={isExpired ? undefined : { label: 'Keep', value: KEEP_EXPIRY }}
          hours={[1, 24, 168, 720]}
          mayBeNever={ceilings?.days === null && kind !== 'extra'}
        />
        <ReasonField {...reason.field} />
        {lowering !== undefined && <LoweringNote items={lowering} saving={save.isPending} onLower={lower} />}
        {lowering === undefined && save.error !== null && (
          <SaveNote error={save.error} outdated={isConflict(save.error)} onReload={onReload} />
        )}
        <Group justify="flex-end">
          {!isExpired && (
            <Button color="red" variant="outline" loading={save.isPending} onClick={submit('expire')}>
              Expire now
            </Button>
          )}
          <Button type="submit" loading={save.isPending}>
            {isExpired ? 'Restore' : 'Save'}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
