/** The limits of a plan as a form: one row for each API, API group, or all APIs. */
import { Button, Group, NumberInput, Select, Stack, Text } from '@mantine/core';
import { MAX_FACTOR } from '@rollgate/contract/units';
import type { PlanLimits, TypedLimit } from './use-plan-limits.js';

const UNITS = {
  min: 0,
  allowDecimal: false,
  allowNegative: false,
  thousandSeparator: ',',
  placeholder: 'Default',
} as const;

export function PlanLimitRows({ rows, groups, setRow, addRow, removeRow }: PlanLimits) {
  const scopes = [
    { value: '', label: 'All APIs' },
    ...groups.map(({ group, title }) => ({ value: `group:${group}`, label: `API group ${title}` })),
    ...groups.flatMap(({ apis }) => apis.map(({ api, title }) => ({ value: `api:${api}`, label: title }))),
  ];
  return (
    <Stack gap="xs">
      <Text size="sm" c="dimmed">
        The most specific limit applies: of the API, of its group, of all APIs. An empty window keeps the default.
      </Text>
      {rows.map((row, i) => (
        <LimitRow
          key={row.key}
          row={row}
          n={i + 1}
          scopes={scopes}
          onChange={(change) => setRow(row.key, change)}
          onRemove={() => removeRow(row.key)}
        />
      ))}
      <Button variant="default" size="compact-sm" onClick={addRow} style={{ alignSelf: 'flex-start' }}>
        Add limit
      </Button>
    </Stack>
  );
}

interface LimitRowProps {
  readonly row: TypedLimit;
  readonly n: number;
  readonly scopes: { readonly value: string; readonly label: string }[];
  readonly onChange: (change: Partial<TypedLimit>) => void;
  readonly onRemove: () => void;
}

function LimitRow({ row: { scope, minute, hour, factor }, n, scopes, onChange, onRemove }: LimitRowProps) {
  const byFactor = factor !== '';
  return (
    <Group align="flex-end" gap="xs" role="group" aria-label={`Limit ${n}`}>
      <Select
        label="Scope"
        data={scopes}
        value={scope}
        searchable
        allowDeselect={false}
        onChange={(value) => onChange({ scope: value ?? '' })}
        style={{ flex: '2 1 180px' }}
      />
      <NumberInput
        {...UNITS}
        label="In any 60 s"
        disabled={byFactor}
        value={byFactor ? '' : minute}
        onChange={(value) => onChange({ minute: value })}
        style={{ flex: '1 1 100px' }}
      />
      <NumberInput
        {...UNITS}
        label="In any hour"
        disabled={byFactor}
        value={byFactor ? '' : hour}
        onChange={(value) => onChange({ hour: value })}
        style={{ flex: '1 1 100px' }}
      />
      <NumberInput
        label="× default"
        min={0.001}
        max={MAX_FACTOR}
        decimalScale={3}
        allowNegative={false}
        value={factor}
        onChange={(value) => onChange({ factor: value })}
        style={{ flex: '1 1 90px' }}
      />
      <Button variant="default" onClick={onRemove} aria-label={`Remove limit ${n}`}>
        Remove
      </Button>
    </Group>
  );
}
