/** The new limits: for several APIs a multiple of each one's default, for one API its limits; for both extra units. */
import { SegmentedControl, Stack, Text } from '@mantine/core';
import { Choice, ExtraFields, FactorField, LimitFields } from '../../ui/forms.js';
import { PRESETS, type Raise, type Setting } from './use-raise.js';

const EXTRA = { value: 'extra', label: 'Extra units' };
const SETTINGS_OF_ONE = [{ value: 'limits', label: 'Limits' }, EXTRA];
const SETTINGS_OF_SEVERAL = [{ value: 'factor', label: 'Multiple' }, { value: 'limits', label: 'Same for all' }, EXTRA];

export function NewLimits({ raise, several, missing }: { raise: Raise; several: boolean; missing: boolean }) {
  const incomplete = missing && !raise.sets;
  return (
    <Stack gap="sm">
      <Choice
        id="raise-setting"
        label="New limits"
        value={raise.setting}
        onChange={(value) => raise.setSetting(value as Setting)}
        data={several ? SETTINGS_OF_SEVERAL : SETTINGS_OF_ONE}
      />
      {raise.setting !== 'extra' && (raise.setting === 'factor' || !several) && (
        <Presets raise={raise} several={several} />
      )}
      {raise.setting === 'factor' && (
        <FactorField
          label="Multiple"
          value={raise.factor}
          onChange={raise.setTimes}
          error={incomplete ? 'Enter a number above 0' : undefined}
        />
      )}
      {raise.setting === 'limits' && (
        <LimitFields
          minute={raise.shown.minute}
          hour={raise.shown.hour}
          onMinute={raise.setMinute}
          onHour={raise.setHour}
          empty="Keep current limit"
          error={incomplete ? 'Enter at least one limit' : undefined}
        />
      )}
      {raise.setting === 'extra' && (
        <>
          <ExtraFields {...raise.extra} error={incomplete ? 'Enter at least one number of units' : undefined} />
          <Text size="sm" c="dimmed">
            Added to the limits that apply without extra units. A window with a limit of 0 stays blocked.
          </Text>
        </>
      )}
    </Stack>
  );
}

function Presets({ raise, several }: { raise: Raise; several: boolean }) {
  return (
    <div>
      <Text size="sm" fw={500} id="raise-presets">
        {several ? 'Multiple of each API’s default' : 'Multiple of the current limit'}
      </Text>
      <SegmentedControl
        aria-labelledby="raise-presets"
        fullWidth
        value={raise.preset}
        onChange={(value) => raise.setTimes(Number(value))}
        data={PRESETS.map((n) => ({ value: String(n), label: `${n}×` }))}
      />
    </div>
  );
}
