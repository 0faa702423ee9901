/** How far a limit is raised: for several APIs a factor of each one's default, for one API its limits. */
import { SegmentedControl, Stack, Text } from '@mantine/core';
import { Choice, FactorField, LimitFields } from '../../ui/forms.js';
import { PRESETS, type Raise, type Setting } from './raise-state.js';

export function HowFar({ raise, several, missing }: { raise: Raise; several: boolean; missing: boolean }) {
  const error = missing && !raise.sets ? 'One of the two is needed' : undefined;
  return (
    <Stack gap="sm">
      {several && (
        <Choice
          id="raise-setting"
          label="Set"
          value={raise.setting}
          onChange={(value) => raise.setSetting(value as Setting)}
          data={[
            { value: 'factor', label: 'Times each default' },
            { value: 'limits', label: 'One limit for all' },
          ]}
        />
      )}
      {(raise.setting === 'factor' || !several) && (
        <div>
          <Text size="sm" fw={500} id="raise-presets">
            {several ? 'Times each API’s default' : 'Times what is in force'}
          </Text>
          <SegmentedControl
            aria-labelledby="raise-presets"
            fullWidth
            value={raise.preset}
            onChange={(value) => raise.setTimes(Number(value))}
            data={PRESETS.map((n) => ({ value: String(n), label: `${n}×` }))}
          />
        </div>
      )}
      {raise.setting === 'factor' ? (
        <FactorField
          label="Factor"
          value={raise.factor}
          onChange={raise.setTimes}
          error={error && 'A number above 0 is needed'}
        />
      ) : (
        <LimitFields
          minute={raise.shown.minute}
          hour={raise.shown.hour}
          onMinute={raise.setMinute}
          onHour={raise.setHour}
          empty="as it is in force"
          error={error}
        />
      )}
    </Stack>
  );
}
