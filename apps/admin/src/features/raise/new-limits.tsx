/** The new limits: for several APIs a multiple of each one's default, for one API its limits. */
import { SegmentedControl, Stack, Text } from '@mantine/core';
import { Choice, FactorField, LimitFields } from '../../ui/forms.js';
import { PRESETS, type Raise, type Setting } from './use-raise.js';

export function NewLimits({ raise, several, missing }: { raise: Raise; several: boolean; missing: boolean }) {
  const incomplete = missing && !raise.sets;
  return (
    <Stack gap="sm">
      {several && (
        <Choice
          id="raise-setting"
          label="New limits"
          value={raise.setting}
          onChange={(value) => raise.setSetting(value as Setting)}
          data={[
            { value: 'factor', label: 'Multiple of each default' },
            { value: 'limits', label: 'The same for all APIs' },
          ]}
        />
      )}
      {(raise.setting === 'factor' || !several) && <Presets raise={raise} several={several} />}
      {raise.setting === 'factor' ? (
        <FactorField
          label="Multiple"
          value={raise.factor}
          onChange={raise.setTimes}
          error={incomplete ? 'Enter a number above 0' : undefined}
        />
      ) : (
        <LimitFields
          minute={raise.shown.minute}
          hour={raise.shown.hour}
          onMinute={raise.setMinute}
          onHour={raise.setHour}
          empty="Keep current limit"
          error={incomplete ? 'Enter at least one limit' : undefined}
        />
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
